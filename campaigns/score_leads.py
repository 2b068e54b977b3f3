"""`acquire score`: leads through the models of a folder, part by part, into one Parquet file, whole or not at all."""

import math
import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from acquire.domain import CONTROL
from acquire.errors import AcquireError, BadInput
from acquire.ingest.tables import read_tables
from acquire.prefilter.screen import NO_CONSENT
from acquire.uplift.reasons import explain
from campaigns.decisions import best_offer, exposures, score_columns
from campaigns.lead_stream import LeadPart, LeadTerms, read_parts
from campaigns.model_parts import ShippedModels, read_models
from campaigns.overlaps import NO_OVERLAP, lacks_overlap
from campaigns.plan_file import read_plan_file
from campaigns.rings import with_rings
from campaigns.scoring import score_rows

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreCount:
    """What became of the rows of a file: scored + without_consent + invalid = read."""

    read: int
    scored: int
    without_consent: int
    invalid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What is written beside the scores: reasons in words; uplifts at other doses, column -> dose."""

    reasons: bool = False
    doses: Mapping[str, float] = field(default_factory=dict)


def score_file(
    models_folder: Path,
    leads: Path,
    out: Path,
    *,
    with_reasons: bool = False,
    doses: Sequence[float] = (),
    rings: pd.DataFrame | None = None,
) -> ScoreCount:
    """Score a file of leads (Parquet or CSV); row by row what `acquire plan` would write into decisions.parquet.

    Args:
        models_folder: What `acquire fit` wrote, or the folder of a plan or its models/; from anybody.
        leads: The file; read part by part.
        out: The file to write; replaced whole or not at all.
        with_reasons: Also say in words why each lead's best offer does what it does.
        doses: Also give what offers of these doses would change, where offers differ in one number, as a price.
        rings: Figures of each lead's ring, as `ring_figures` gives them; None: the file has them, or none are read.

    Raises:
        BadInput: The folder or the file is not what it should be; nothing was written.
    """
    _check_place(out, leads, models_folder)
    shipped = read_models(models_folder)
    extras = Extras(reasons=with_reasons, doses=_doses(shipped, doses))
    counts, reasons = np.zeros(3, dtype=np.int64), Counter[str]()
    schema = _schema(shipped, extras)
    with _replacing(out) as beside, pq.ParquetWriter(beside, schema) as writer:
        for part in read_parts(leads, _terms(shipped, rings)):
            rows = score_part(shipped, part, extras)
            counts += _counts(rows["reason"], part)
            reasons.update(part.faults)
            writer.write_table(pa.Table.from_pandas(rows, schema=schema, preserve_index=False))
        _check_usable(leads, counts, reasons)
    return ScoreCount(
        read=int(counts.sum()), scored=int(counts[0]), without_consent=int(counts[1]), invalid=int(counts[2])
    )


def ring_figures(plan_path: Path, leads: Path, now: datetime) -> pd.DataFrame:
    """Give the figures of each lead's ring, by lead_id, as the links and the history of a plan file tell them today.

    A ring may tie any two leads together, so this holds all leads in memory.

    Raises:
        BadInput: The plan file names no links, or a table is wrong.
    """
    plan_file = read_plan_file(plan_path)
    if plan_file.sources.links is None:
        raise BadInput(
            f"{plan_path.name} names no links in [data]; score without --plan, or name the plan that has them"
        )
    sources, today = replace(plan_file.sources, leads=leads), now.astimezone(plan_file.time_zone).date()
    tables = read_tables(sources, plan_file.columns, assume_consent=plan_file.assume_consent, today=today)
    ringed = with_rings(tables, maturity_days=plan_file.risk.maturity_days, today=today).leads
    return ringed.set_index("lead_id")[[name for name in ringed if name not in tables.leads]]


def score_part(shipped: ShippedModels, part: LeadPart, extras: Extras) -> pd.DataFrame:
    """Score some rows: one row of the result per row of the file, in its order; null where a row was not scored."""
    asked = part.leads[part.leads["consent"]]
    result = pd.DataFrame({"lead_id": part.lead_id, "channel": part.channel, "reason": part.reason})
    usable = np.flatnonzero(part.usable)
    result.loc[usable[~part.leads["consent"].to_numpy()], "reason"] = NO_CONSENT
    places = usable[part.leads["consent"].to_numpy()]
    scores = _scored_columns(shipped, asked.reset_index(drop=True), extras).set_index(places)
    nowhere = scores.pop("nowhere").to_numpy(dtype=np.bool_)
    result.loc[places[nowhere], "reason"] = NO_OVERLAP
    return pd.concat([result, scores.reindex(result.index)], axis=1)


def _scored_columns(shipped: ShippedModels, leads: pd.DataFrame, extras: Extras) -> pd.DataFrame:
    names = _score_names(shipped, extras)
    if leads.empty:
        return pd.DataFrame({name: pd.Series(dtype="float64") for name in [*names, "nowhere"]})
    terms = shipped.terms
    scored = score_rows(shipped.models, leads, terms.channels, terms.offers)
    best = best_offer(scored, terms.goal)
    columns = score_columns(leads, scored, scored.offers)
    known = np.where(scored.ranked, 1.0, np.nan)
    money = {f"revenue_{o}": scored.revenue[:, j] * known[:, j] for j, o in enumerate(scored.offers)}
    columns = pd.concat([columns, exposures(leads, scored)], axis=1).assign(
        **{f"revenue_{CONTROL}": scored.revenue_control, **money}, p_bad=scored.p_bad[np.arange(len(leads)), best]
    )
    columns = columns.assign(nowhere=lacks_overlap(leads, scored, terms.channels, terms.offers))
    columns = columns.assign(**_along_doses(shipped, extras, scored.uplift * known))
    if extras.reasons:
        columns = columns.assign(uplift_reason=explain(shipped.served, leads, best, scored.uplift * known))
    return columns[[*names, "nowhere"]]


def _doses(shipped: ShippedModels, doses: Sequence[float]) -> Mapping[str, float]:
    """Name the columns of the doses asked for.

    Raises:
        BadInput: The models know no dose, or one has no column of its own.
    """
    dose = shipped.served.dose
    if doses and dose is None:
        raise BadInput(
            f"--dose is {doses[0]:g}, but the offers of these models do not differ in a number; leave it out"
        )
    named = {f"uplift_{dose.name}_{value:.15g}": value for value in doses} if dose is not None else {}
    offers = {f"uplift_{offer}" for offer in shipped.served.offers}
    for name, value in named.items():
        if not math.isfinite(value) or name in offers:
            raise BadInput(f"--dose {value:g} cannot be given a column of its own; give another number")
    return named


def _along_doses(shipped: ShippedModels, extras: Extras, uplift: Floats) -> Mapping[str, Floats]:
    """Uplifts at the doses asked for, from those of the offers, shape (n, J); NaN where an offer's is not known."""
    dose = shipped.served.dose
    if dose is None or not extras.doses:
        return {}
    asked = np.array(list(extras.doses.values()))
    return dict(zip(extras.doses, dose.curve(uplift, asked).T, strict=True))


def _score_names(shipped: ShippedModels, extras: Extras) -> list[str]:
    offers = shipped.served.offers
    return [
        "p_bad",
        *(f"p_bad_{o}" for o in offers),
        *(f"p_booked_{o}" for o in (CONTROL, *offers)),
        *(f"uplift_{o}" for o in offers),
        *(f"spend_{o}" for o in offers),
        *(f"revenue_{o}" for o in (CONTROL, *offers)),
        "exposure",
        "loss_given_bad",
        *extras.doses,
        *(["uplift_reason"] if extras.reasons else []),
    ]


def _schema(shipped: ShippedModels, extras: Extras) -> pa.Schema:
    texts = [(name, pa.string()) for name in ("lead_id", "channel", "reason")]
    scores = [
        (name, pa.string() if name == "uplift_reason" else pa.float64()) for name in _score_names(shipped, extras)
    ]
    return pa.schema(texts + scores)


def _terms(shipped: ShippedModels, rings: pd.DataFrame | None) -> LeadTerms:
    terms, approval = shipped.terms, shipped.models.approval
    return LeadTerms(
        features=shipped.features,
        numbers=() if approval is None else (approval.approval.field,),
        channels=tuple(channel.channel for channel in terms.channels),
        columns=terms.columns,
        assume_consent=terms.assume_consent,
        rings=rings,
    )


def _counts(reason: pd.Series, part: LeadPart) -> Ints:
    invalid, without = int((~part.usable).sum()), int((reason == NO_CONSENT).sum())
    return np.array([len(reason) - invalid - without, without, invalid], dtype=np.int64)


def _check_usable(leads: Path, counts: Ints, reasons: Counter[str]) -> None:
    if 2 * counts[2] > counts.sum():
        reason, n_rows = reasons.most_common(1)[0]
        raise BadInput(
            f"{leads.name}: {counts[2]} of {counts.sum()} rows cannot be used, more than half; the most frequent reason "
            f"({n_rows} rows): {reason}"
        )


def _check_place(out: Path, leads: Path, models_folder: Path) -> None:
    """Raise BadInput unless a file can be put at `out`; asked before any work is done."""
    if out.is_dir() or out.is_symlink():
        raise BadInput(f"--out {out} is a folder or a link; name a file, as in scores.parquet")
    if out.exists() and not out.is_file():
        raise BadInput(f"--out {out} is a device or a pipe, which a file cannot take the place of; name a file")
    if not out.resolve().parent.is_dir():
        raise BadInput(f"--out {out}: the folder {out.resolve().parent} does not exist; create it first")
    if out.resolve() == leads.resolve():
        raise BadInput(f"--out {out} is the file of leads itself; name another file")
    if out.resolve().is_relative_to(models_folder.resolve()):
        raise BadInput(f"--out {out} lies in the folder of the models, which must stay as it is; name another place")


@contextmanager
def _replacing(out: Path) -> Iterator[Path]:
    """Give a file beside `out` to fill; when the block ends well it takes its place in one step.

    Raises:
        AcquireError: The disk refused; `out` is as it was.
    """
    place = out.resolve()
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{place.name}.acquire-", dir=place.parent, ignore_cleanup_errors=True
        ) as folder:
            beside = Path(folder) / "scores.parquet"
            yield beside
            with beside.open("rb") as file:
                os.fsync(file.fileno())
            beside.replace(place)
    except OSError as error:
        raise AcquireError(f"--out {out} cannot be written: {error.strerror}; nothing was changed") from None

"""Whom the lot gave what, and what became of them: folders of plans or pilots and a table of outcomes become a trial.

DIR, DIR ... -> assigned      decisions.parquet of a plan (contact, control), assignment.parquet of a pilot
OUTCOMES     -> what_became   one row per lead
both         -> Gathered      a Trial of the leads with an outcome, and who lacks one
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import CONTROL
from acquire.errors import UNREADABLE, BadInput
from acquire.ingest.checks import TableCount
from acquire.uplift.trial import Trial
from campaigns.decisions import RESERVE
from campaigns.experiment_outcomes import LARGEST, Outcomes

PREDICTED = f"p_booked_{CONTROL}"

Floats = NDArray[np.float64]
Rest = Literal["unknown", "not-booked"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assigned:
    """Whom the lot of one folder gave what.

    Attributes:
        name: Of the folder.
        kind: "plan": the lot chose controls, a model everything else; "pilot": the lot chose among offers too.
        currency: Of the plan or pilot.
        rows: lead_id, channel, offer (control where kept back), is_control, spend (expected of the contact), p_booked_control; a
            pilot knows neither of the last two (NaN).
        made_on: Day on which the lot was drawn.
        readable_on: First day on which all bookings count; of a plan, should all be contacted on the day it was made.
    """

    name: str
    kind: Literal["plan", "pilot"]
    currency: str
    rows: pd.DataFrame
    made_on: date
    readable_on: date


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gathered:
    """The experiment as it stands.

    Attributes:
        drawn: Everybody the lot drew: lead_id, channel, offer, is_control, is_known.
        trial: Those with an outcome.
        known: The same rows as the trial: channel, is_control, reached (1, 0, NaN), contacted_channel (None where not).
        before_names: Columns of the trial's `before`.
        has_reached, has_cost: Whether anybody wrote down who was contacted, and what it cost.
        count: accepted + quarantined = read.
        strangers: Rows of outcomes whose lead the lot did not draw.
        notes: What a reader should know, a sentence each.
    """

    drawn: pd.DataFrame
    trial: Trial
    known: pd.DataFrame
    before_names: tuple[str, ...]
    has_reached: bool
    has_cost: bool
    count: TableCount
    strangers: int
    notes: tuple[str, ...]


def read_assigned(folder: Path, *, booking_window_days: int) -> Assigned:
    """Read whom the lot of a plan or of a pilot gave what.

    Args:
        folder: What `acquire plan` or `acquire experiment design` wrote.
        booking_window_days: Days after the contact within which a booking counts; a pilot has its own.

    Raises:
        BadInput: The folder is neither, damaged, or its plan kept nobody back.
    """
    if (folder / "assignment.parquet").is_file():
        return _read_pilot(folder)
    if not (folder / "decisions.parquet").is_file():
        raise BadInput(f"{folder} holds neither a plan nor a pilot; name a folder that acquire plan or design wrote")
    return _read_plan(folder, booking_window_days)


def gather(assigned: Sequence[Assigned], outcomes: Outcomes, *, before: Sequence[str], rest: Rest) -> Gathered:
    """Put assignments and outcomes together.

    Args:
        assigned: One or more; a lead may be in one of them only.
        outcomes: What became of the leads.
        before: Columns of outcomes that were known before the lot was drawn.
        rest: What leads without a row did: "unknown", or "not-booked" where the file lists bookings only.

    Raises:
        BadInput: A lead was drawn twice, no outcome is of a lead that was drawn, or all of them booked.
    """
    drawn = pd.concat([one.rows for one in assigned], ignore_index=True)
    if drawn["lead_id"].duplicated().any():
        raise BadInput("a lead was drawn in two of the folders; name each plan once")
    strangers = ~outcomes.rows["lead_id"].isin(drawn["lead_id"])
    if strangers.all():
        raise BadInput(f"{outcomes.file} holds none of the {len(drawn)} leads that the lot drew; give their outcomes")
    rows = _with_outcomes(drawn, outcomes, rest)
    known = rows[rows["is_known"]].reset_index(drop=True)
    if known["booked"].all():
        raise BadInput(f"all leads in {outcomes.file} booked; where it lists bookings only, add --rest not-booked")
    has_cost, cost_notes = _find_cost(known)
    names, values = _known_before(known, before)
    return Gathered(
        drawn=rows[["lead_id", "channel", "offer", "is_control", "is_known"]],
        trial=_trial(known, values, known["cost" if has_cost else "spend"]),
        known=known.assign(reached=_reached(known))[["channel", "is_control", "reached", "contacted_channel"]],
        before_names=names,
        # Where only bookings have a row, only of them it is known.
        has_reached=rest == "unknown" and bool(known[["contacted", "contacted_channel"]].notna().any(axis=None)),
        has_cost=has_cost,
        count=outcomes.count,
        strangers=int(strangers.sum()),
        notes=(*outcomes.notes, *cost_notes, *_disagreement(rows)),
    )


def _with_outcomes(drawn: pd.DataFrame, outcomes: Outcomes, rest: Rest) -> pd.DataFrame:
    """Give everybody the lot drew, with what became of them where it is known."""
    rows = drawn.merge(outcomes.rows, on="lead_id", how="left", validate="one_to_one", indicator="found")
    rows["is_known"] = (rows.pop("found") == "both").to_numpy()
    if rest == "not-booked":
        # A row that is there and cannot be used says that something became of the lead, but not what.
        rows["is_known"] |= ~rows["lead_id"].isin(outcomes.set_aside)
        rows["booked"] = rows["booked"].fillna(0.0)
    return rows


def _find_cost(known: pd.DataFrame) -> tuple[bool, tuple[str, ...]]:
    """Whether the cost of every contact is written down; where only some are, say so."""
    has_cost = known.loc[~known["is_control"], "cost"].notna()
    if has_cost.all() or not has_cost.any():
        return bool(has_cost.all() and len(has_cost)), ()
    return False, (f"cost is empty for {int((~has_cost).sum()):,} of {len(has_cost):,} contacts, so it is not used",)


def _read_plan(folder: Path, booking_window_days: int) -> Assigned:
    try:
        document = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
        made_on = datetime.fromisoformat(document["created_at"]).date()
        currency, decisions = str(document["currency"]), pd.read_parquet(folder / "decisions.parquet")
        # Whom the plan would not have contacted, the lot of the reserve did: nobody was kept back to compare them with.
        drawn = decisions["decision"].isin(["contact", "control"]) & (decisions["reason"] != RESERVE)
        rows = decisions.loc[drawn].reset_index(drop=True)
        is_control = (rows["decision"] == "control").to_numpy()
        spend = _spend_of_offer(rows)
        kept = pd.DataFrame(
            {
                "lead_id": rows["lead_id"].astype("str"),
                "channel": rows["channel"].astype("str"),
                "offer": rows["offer"].astype("str").where(~is_control, CONTROL),
                "is_control": is_control,
                "spend": np.where(is_control, 0.0, spend),
                PREDICTED: rows[PREDICTED].to_numpy(dtype=np.float64),
            }
        )
        _check_rows(kept)
    except (OSError, *UNREADABLE):
        raise BadInput(f"the plan in {folder} is damaged or of another version; plan again") from None
    if not is_control.any():
        raise BadInput(f"the plan in {folder} kept nobody back; plan with control_share above 0 in [holdout] next time")
    return Assigned(
        name=folder.name,
        kind="plan",
        currency=currency,
        rows=kept,
        made_on=made_on,
        readable_on=made_on + timedelta(days=booking_window_days + 1),
    )


def _check_rows(rows: pd.DataFrame) -> None:
    """Raise ValueError unless the rows are what a plan writes: names everywhere, chances from 0 to 1, money that adds up."""
    chance, spend = rows[PREDICTED].to_numpy(), rows["spend"].to_numpy()
    named = rows[["lead_id", "channel", "offer"]].notna().all(axis=None)
    if not named or ((chance < 0) | (chance > 1)).any() or (np.abs(spend) > LARGEST).any():
        raise ValueError("rows that no plan writes")


def _spend_of_offer(rows: pd.DataFrame) -> Floats:
    """Expected spend of each row's own offer; 0 for controls."""
    spend = np.zeros(len(rows))
    for offer in rows["offer"].dropna().unique():
        is_offer = (rows["offer"] == offer).to_numpy()
        spend[is_offer] = rows.loc[is_offer, f"spend_{offer}"].to_numpy(dtype=np.float64)
    return spend


def _read_pilot(folder: Path) -> Assigned:
    try:
        document = json.loads((folder / "design.json").read_text(encoding="utf-8"))
        made_on = datetime.fromisoformat(document["created_at"]).date()
        readable_on = date.fromisoformat(document["design"]["booked_readable_on"])
        currency, drawn = str(document["currency"]), pd.read_parquet(folder / "assignment.parquet")
        rows = pd.DataFrame({name: drawn[name].astype("str") for name in ("lead_id", "channel", "offer")})
    except (OSError, *UNREADABLE):
        raise BadInput(f"the pilot in {folder} is damaged or of another version; design it again") from None
    rows = rows.assign(is_control=rows["offer"] == CONTROL, spend=np.nan, **{PREDICTED: np.nan})
    return Assigned(
        name=folder.name, kind="pilot", currency=currency, rows=rows, made_on=made_on, readable_on=readable_on
    )


def _disagreement(rows: pd.DataFrame) -> list[str]:
    """The file may name the offer too: then it must be what the lot gave."""
    differs = rows["offer_told"].notna() & (rows["offer_told"] != rows["offer"])
    if not differs.any():
        return []
    return [
        f"{int(differs.sum()):,} rows of outcomes name another offer than the lot gave; the lot is what counts here"
    ]


def _known_before(known: pd.DataFrame, before: Sequence[str]) -> tuple[tuple[str, ...], Floats]:
    """Give what was known beforehand, gaps filled with the mean, and its names; what is not known of anybody is left out."""
    names = [name for name in (PREDICTED, *before) if known[name].notna().any()]
    values = known[names].to_numpy(dtype=np.float64)
    return tuple(names), np.where(np.isnan(values), np.nanmean(values, axis=0) if names else 0.0, values)


def _trial(known: pd.DataFrame, before: Floats, cost: "pd.Series[Any]") -> Trial:
    channels = tuple(sorted(known["channel"].unique()))
    offers = tuple(sorted(set(known["offer"]) - {CONTROL}))
    has_bad = bool(known.loc[known["booked"] == 1, "bad"].notna().any())
    person = known["person_id"].where(known["person_id"].notna(), "lead " + known["lead_id"])
    return Trial(
        channels=channels,
        offers=offers,
        channel=_numbers(known["channel"], channels),
        arm=_numbers(known["offer"], (CONTROL, *offers)),
        booked=known["booked"].to_numpy(dtype=np.float64),
        before=before,
        cost=cost.to_numpy(dtype=np.float64),
        person=np.unique(person.to_numpy(dtype=object), return_inverse=True)[1].astype(np.int64),
        bad=known["bad"].where(known["booked"] == 1).to_numpy(dtype=np.float64) if has_bad else None,
    )


def _numbers(names: "pd.Series[Any]", order: Sequence[str]) -> NDArray[np.int64]:
    return np.asarray(pd.Index(list(order), dtype="str").get_indexer(pd.Index(names)), dtype=np.int64)


def _reached(known: pd.DataFrame) -> Floats:
    """Whether each lead was contacted by anybody: as written, else by whether a channel is named, where any is."""
    written = known["contacted"].to_numpy(dtype=np.float64)
    if not known["contacted_channel"].notna().any():
        return written
    named = known["contacted_channel"].notna().to_numpy(dtype=np.float64)
    return np.where(np.isnan(written), named, written)

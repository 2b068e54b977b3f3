"""`acquire experiment size`: what the holdout of a finished plan will be able to tell, when, and what another share would.

The plan's own expectations (allocation of plan.json, corrected as the headline is) meet the controls that it kept back
(decisions.parquet). Whom only the lot of [explore] contacts is left out, as in reading: nobody was kept back to compare with.
"""

import json
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from acquire.domain import check_fraction
from acquire.errors import UNREADABLE, BadInput
from acquire.uplift.holdout_power import (
    ControlShare,
    HoldoutPower,
    Planned,
    control_share_needed,
    holdout_power,
    other_control_share,
)
from acquire.uplift.sample_ratio import ALL
from campaigns import report_words as words
from campaigns.decisions import RESERVE
from campaigns.experiment_outcomes import LARGEST
from campaigns.experiment_words import aligned
from campaigns.json_values import plain
from campaigns.outputs import DOCUMENT

SHARES = (0.02, 0.05, 0.1, 0.2, 0.3)
_FIGURES = ("contacts", "booked", "incremental", "spend")
_SCORES = {"booked": "p_booked_", "incremental": "uplift_", "spend": "spend_"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeSettings:
    """What a plan does not say.

    Attributes:
        leads_weeks: How many weeks of traffic the plan's leads are.
        booking_window_days, maturity_days: Until a booking counts, and until bad is known after that.
        shares: Shares of control to compare.
    """

    leads_weeks: float = 4.0
    booking_window_days: int = 30
    maturity_days: int = 60
    shares: tuple[float, ...] = SHARES

    def __post_init__(self) -> None:
        if not (math.isfinite(self.leads_weeks) and self.leads_weeks > 0):
            raise BadInput(f"the leads stand for {self.leads_weeks:g} weeks of traffic; give a number above 0")
        for share in self.shares:
            check_fraction("control_share", share)
            if not 0 < share < 1:
                raise BadInput(f"control_share is {share:g}; give a fraction above 0 and below 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """How long until something can be read.

    Attributes:
        name: "all" or a channel.
        days: Days of traffic like the plan's, and the booking window after them, until the expected uplift is found 8 times in
            10; NaN where it never would be.
    """

    name: str
    days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSize:
    """Everything that `acquire experiment size` tells.

    Attributes:
        lines: All channels together, then each.
        by_lot: Contacts that are left out, as only the lot of [explore] chose them.
        readable: For each line, days until it can be read.
        shares: The same traffic under other shares of control.
        share_needed: Smallest share of control at which this traffic is enough; NaN where none is.
        ends_on, booked_readable_on, bad_readable_on: Last day of the plan's traffic; days from which all of its bookings, and
            their bads, are known.
    """

    plan: str
    currency: str
    lines: tuple[HoldoutPower, ...]
    readable: tuple[Readable, ...]
    shares: tuple[ControlShare, ...]
    share_needed: float
    ends_on: date
    booked_readable_on: date
    bad_readable_on: date
    by_lot: int = 0

    def to_json(self) -> str:
        """Give it as JSON text: undefined figures are null, days ISO 8601."""
        days = {name: getattr(self, name).isoformat() for name in ("ends_on", "booked_readable_on", "bad_readable_on")}
        return json.dumps(plain(asdict(self) | days), indent=2, ensure_ascii=False, allow_nan=False)


def size_experiment(folder: Path, settings: SizeSettings | None = None) -> ExperimentSize:
    """Say what the holdout of a plan will be able to tell.

    Args:
        folder: What `acquire plan` wrote.
        settings: What the plan does not say.

    Raises:
        BadInput: The folder holds no plan, the plan contacts nobody, or a setting is wrong.
    """
    asked = settings or SizeSettings()
    planned, by_lot, currency, made_on = _read(folder)
    lines = (holdout_power(ALL, planned), *(holdout_power(one.channel, (one,)) for one in planned))
    ends_on = made_on + timedelta(days=math.ceil(7 * asked.leads_weeks))
    booked_on = ends_on + timedelta(days=asked.booking_window_days + 1)
    return ExperimentSize(
        plan=folder.name,
        currency=currency,
        lines=lines,
        readable=tuple(
            Readable(name=line.name, days=math.nan if math.isnan(line.times_needed) else _days(line, asked))
            for line in lines
        ),
        shares=tuple(other_control_share(planned, share) for share in asked.shares),
        share_needed=control_share_needed(planned),
        ends_on=ends_on,
        booked_readable_on=booked_on,
        bad_readable_on=booked_on + timedelta(days=asked.maturity_days),
        by_lot=by_lot,
    )


def size_lines(size: ExperimentSize) -> Iterator[str]:
    """Give it for people, line by line."""
    total = size.lines[0]
    sizes = f"{words.say_count(total.contacts)} contacts against {words.say_count(total.controls)} controls"
    yield f"{size.plan}: what its own holdout will be able to tell, {sizes}"
    yield ""
    yield from aligned(_table(size))
    yield ""
    if size.by_lot:
        yield f"{words.say_count(size.by_lot)} contacts by lot ([explore]) are left out: nobody was kept back to compare with."
    yield '"finds": this uplift is told from nothing (90 % interval above 0) 8 times in 10; "chance": that the expected one is.'
    yield f"Traffic until {size.ends_on}: bookings can be read from {size.booked_readable_on}, bads from {size.bad_readable_on}."
    if not math.isnan(total.cac_low):
        low, high = (words.say_money(cost, size.currency) for cost in (total.cac_low, total.cac_high))
        yield f"The incremental CAC is then expected to be known to between {low} and {high}."
    yield ""
    yield from aligned(_share_table(size))
    yield ""
    yield _share_sentence(size)


def _table(size: ExperimentSize) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("", "contacts", "controls", "without contact", "expected uplift", "finds", "chance", "days until readable")
    ]
    for line, readable in zip(size.lines, size.readable, strict=True):
        finite = math.isfinite(line.detectable_uplift)
        rows.append(
            (
                line.name,
                words.say_count(line.contacts),
                words.say_count(line.controls),
                words.say_percent(line.p_control, 2),
                words.say_points(line.uplift),
                words.say_points(line.detectable_uplift) if finite else "nothing",
                words.say_percent(line.chance, 0),
                "never" if math.isnan(readable.days) else words.say_count(readable.days),
            )
        )
    return rows


def _share_table(size: ExperimentSize) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("control_share", "chance", "times this traffic", "extra bookings forgone")]
    for one in size.shares:
        times = "never" if math.isnan(one.times_needed) else f"{one.times_needed:.1f}"
        rows.append(
            (
                words.say_percent(one.control_share, 0),
                words.say_percent(one.chance, 0),
                times,
                words.say_count(one.forgone),
            )
        )
    return rows


def _share_sentence(size: ExperimentSize) -> str:
    if math.isnan(size.share_needed):
        return "No share of control makes this traffic enough: read several plans together."
    return f"This traffic is enough with a control_share of {words.say_percent(size.share_needed)} or more."


def _days(line: HoldoutPower, asked: SizeSettings) -> float:
    return math.ceil(7 * asked.leads_weeks * line.times_needed) + asked.booking_window_days


def _read(folder: Path) -> tuple[tuple[Planned, ...], int, str, date]:
    """Give what the plan expects by channel, how many contacts by lot are left out, its currency, and the day it was made."""
    if not (folder / DOCUMENT).is_file():
        raise BadInput(f"{folder} holds no {DOCUMENT}; name a folder that acquire plan wrote")
    try:
        document = json.loads((folder / DOCUMENT).read_text(encoding="utf-8"))
        decisions = pd.read_parquet(folder / "decisions.parquet")
        contacts = decisions[decisions["decision"] == "contact"]
        own = _own_shares(contacts)
        controls = decisions.loc[decisions["decision"] == "control", "channel"].value_counts().to_dict()
        sums: dict[str, dict[str, float]] = {}
        for line in document["allocation"]:
            figures = sums.setdefault(str(line["channel"]), dict.fromkeys(_FIGURES, 0.0))
            for name in _FIGURES:
                figures[name] += float(line[name]) * own.get((line["channel"], line["offer"]), {}).get(name, 1.0)
        planned = tuple(
            Planned(channel=channel, controls=float(controls.get(channel, 0)), **figures)
            for channel, figures in sorted(sums.items())
            if figures["contacts"] > 0
        )
        by_lot = int((contacts["reason"] == RESERVE).sum())
        if not all(abs(getattr(one, name)) <= LARGEST for one in planned for name in _FIGURES):
            raise ValueError("figures that no plan writes")
        made_on = datetime.fromisoformat(document["created_at"]).date()
        currency = str(document["currency"])
    except (OSError, *UNREADABLE):
        raise BadInput(f"the plan in {folder} is damaged or of another version; plan again") from None
    if not planned:
        raise BadInput(f"the plan in {folder} contacts nobody; there is nothing to read")
    return planned, by_lot, currency, made_on


def _own_shares(contacts: pd.DataFrame) -> dict[tuple[str, str], dict[str, float]]:
    """By channel and offer, the share of each figure that is of leads whom the plan itself chose; no entry where all are."""
    shares = {}
    for (channel, offer), rows in contacts.groupby(["channel", "offer"]):
        own = (rows["reason"] != RESERVE).to_numpy()
        if not own.all():
            scores = {name: rows[f"{score}{offer}"].to_numpy(np.float64) for name, score in _SCORES.items()}
            shares[str(channel), str(offer)] = {"contacts": float(own.mean())} | {
                name: float(score[own].sum() / score.sum()) if score.sum() else float(own.mean())
                for name, score in scores.items()
            }
    return shares

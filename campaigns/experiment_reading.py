"""`acquire experiment read`: from what the lot gave and what became of it to what contacts added, and at what cost.

Figures come from acquire.uplift; here they are put together, checked for whether they may be believed, and told.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from acquire.domain import Estimate
from acquire.errors import BadInput
from acquire.ingest.checks import TableCount
from acquire.uplift.contamination import Contamination, find_contamination
from acquire.uplift.reading import LineReading, Reading, read_trial
from acquire.uplift.sample_ratio import RatioCheck, check_sample_ratio
from campaigns.experiment_history import EARLIER, add_earlier_bookings
from campaigns.experiment_outcomes import read_outcomes
from campaigns.experiment_rows import Gathered, Rest, gather, read_assigned
from campaigns.json_values import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSettings:
    """What the files do not say.

    Attributes:
        before: Numeric columns of outcomes that were known before the lot was drawn.
        history: Table of history that knows the same people from before; None: none is asked.
        rest: What leads without a row of outcomes did.
        control_share: Share that was to be kept back; None: the sizes of the arms are not held against any.
        looks: How often the experiment is read in all, this time included.
        booking_window_days: Days after a contact within which a booking counts; a pilot has its own.
    """

    before: tuple[str, ...] = ()
    history: Path | None = None
    rest: Rest = "unknown"
    control_share: float | None = None
    looks: int = 1
    booking_window_days: int = 30

    def __post_init__(self) -> None:
        if self.control_share is not None and not 0 < self.control_share < 1:
            raise BadInput(f"control_share is {self.control_share:g}; give a fraction above 0 and below 1")
        if self.rest == "not-booked" and (self.before or self.history is not None):
            # What is known of those who booked only would be an outcome in disguise.
            raise BadInput("--before and --history need a row for every lead; list all leads, or leave --rest out")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentReading:
    """Everything that `acquire experiment read` tells.

    Attributes:
        folders: Names of the plans or pilots.
        by_lot: "contact" where the lot chose who is kept back, "offer" where it chose among offers too.
        readable_on: Day from which all bookings count.
        reading: What contacts added. Its costs and bad rates per extra booking are withheld where `ratio` is not sound.
        ratio: Whether the arms are still those that the lot drew.
        contamination: Whether what was delivered is what the lot gave.
        per_reached: What a contact that arrives adds: difference / (share of contacts reached - share of controls reached).
        before: Columns whose part in the outcome was taken off.
        is_spend_expected: The spend is what the plan expected, as nobody wrote down what was paid.
        count, strangers: Rows of outcomes; those of leads that the lot did not draw.
        notes: What a reader should know, a sentence each.
    """

    folders: tuple[str, ...]
    on: date
    currency: str
    by_lot: str
    readable_on: date
    reading: Reading
    ratio: RatioCheck
    contamination: Contamination
    per_reached: Estimate
    before: tuple[str, ...]
    is_spend_expected: bool
    looks: int
    count: TableCount
    strangers: int
    notes: tuple[str, ...]

    def to_json(self) -> str:
        """Give it as JSON text: undefined figures are null, days ISO 8601; with `is_known` per line and `sound` of the ratio."""
        content = asdict(self)
        content |= {"on": self.on.isoformat(), "readable_on": self.readable_on.isoformat()}
        for raw, line in zip(content["reading"]["lines"], self.reading.lines, strict=True):
            raw["is_known"] = line.is_known
        content["ratio"]["sound"] = self.ratio.sound
        return json.dumps(plain(content), indent=2, ensure_ascii=False, allow_nan=False)


def read_experiment(
    folders: Sequence[Path], outcomes: Path, *, today: date, settings: ReadSettings | None = None
) -> ExperimentReading:
    """Read what contacts added, from folders of plans or pilots and a table of outcomes.

    Args:
        folders: What `acquire plan` or `acquire experiment design` wrote; several are read as one.
        outcomes: One row per lead: lead_id, booked, and what is known beside.
        today: The day of the reading.
        settings: What the files do not say.

    Raises:
        BadInput: A folder or the table is wrong, they do not belong together, or there is nothing to compare.
    """
    asked = settings or ReadSettings()
    assigned = [read_assigned(folder, booking_window_days=asked.booking_window_days) for folder in folders]
    currencies = sorted({one.currency for one in assigned})
    if len(currencies) > 1:
        raise BadInput(f"the folders are in {currencies[0]} and {currencies[1]}; read one currency at a time")
    became, before = read_outcomes(outcomes, asked.before), asked.before
    if asked.history is not None:
        made_on = min(one.made_on for one in assigned)
        became = replace(became, rows=add_earlier_bookings(became.rows, asked.history, before=made_on))
        before = (*before, *EARLIER)
    gathered = gather(assigned, became, before=before, rest=asked.rest)
    by_lot = all(one.kind == "pilot" for one in assigned)
    reading = read_trial(gathered.trial, offers_by_lot=by_lot, n_looks=asked.looks)
    ratio = _check_ratio(gathered, asked.control_share)
    contamination = _contamination(gathered)
    return ExperimentReading(
        folders=tuple(one.name for one in assigned),
        on=today,
        currency=currencies[0],
        by_lot="offer" if by_lot else "contact",
        readable_on=max(one.readable_on for one in assigned),
        reading=reading if ratio.sound else _withhold_costs(reading),
        ratio=ratio,
        contamination=contamination,
        per_reached=_per_reached(reading.total.difference, contamination.dilution),
        before=gathered.before_names if any(reading.slopes) else (),
        is_spend_expected=not gathered.has_cost,
        looks=asked.looks,
        count=gathered.count,
        strangers=gathered.strangers,
        notes=(*gathered.notes, *_rest_note(asked.rest)),
    )


def _rest_note(rest: Rest) -> tuple[str, ...]:
    if rest == "unknown":
        return ()
    return ("leads without a row count as not booked, so outcomes that were lost cannot be seen",)


def _check_ratio(gathered: Gathered, control_share: float | None) -> RatioCheck:
    drawn, channels = gathered.drawn, tuple(sorted(gathered.drawn["channel"].unique()))
    declared: Mapping[str, float] = {} if control_share is None else dict.fromkeys(channels, control_share)
    numbers = {name: number for number, name in enumerate(channels)}
    return check_sample_ratio(
        channels,
        drawn["channel"].map(numbers).to_numpy(),
        drawn["is_control"].to_numpy(dtype=bool),
        drawn["is_known"].to_numpy(dtype=bool),
        declared,
    )


def _contamination(gathered: Gathered) -> Contamination:
    known = gathered.known
    contacted_in = known["contacted_channel"].astype(object).where(known["contacted_channel"].notna(), None)
    return find_contamination(
        known["is_control"].to_numpy(dtype=bool),
        gathered.trial.person,
        reached=known["reached"].to_numpy(dtype=float) if gathered.has_reached else None,
        control_of=known["channel"].tolist(),
        contacted_in=contacted_in.tolist(),
    )


def _per_reached(difference: Estimate, dilution: float) -> Estimate:
    """Scale the difference up by what delivery left of it; the shares reached are of whole arms, so their own chance is small."""
    if not dilution > 0:
        return Estimate(expected=math.nan)
    return Estimate(
        expected=difference.expected / dilution, low=difference.low / dilution, high=difference.high / dilution
    )


def _withhold_costs(reading: Reading) -> Reading:
    """Where something other than the lot sorted people, neither cost nor bad rate of extra bookings is given."""
    unknown = Estimate(expected=math.nan)

    def without(line: LineReading) -> LineReading:
        bad = None if line.bad is None else replace(line.bad, extra_bad=unknown, incremental_bad_rate=unknown)
        return replace(line, incremental_cac=unknown, bad=bad)

    return replace(reading, lines=tuple(without(line) for line in reading.lines))

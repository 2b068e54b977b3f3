"""The risk model as one SQL SELECT that gives the same points and chances in SQLite and PostgreSQL.

    values       each column that is read, as a double or a text; NULL where it is missing
    bins         points of each variable: the bin its value falls into; d1, d2 ... of the card that measures distance
    sums         constant + points of the variables, added in the scorecard's order, so that the sum agrees bit for bit
    odds         z = ln(odds bad) = (offset - points) / factor; the distance from the bookings that have a label
    calibrated   y = calibration(z) + drift(channel) + tilt * distance
    result       p_bad_<offer> = 1 / (1 + exp(-(y + shift of the offer)))

Each stage is a common table expression. EXP and LN are in PostgreSQL, and in SQLite from 3.35 on where it was built with its
math functions. z and y are kept within +-700: beyond, EXP overflows, which PostgreSQL refuses.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from acquire.errors import BadInput
from acquire.prefilter import sql_formula as formula
from acquire.prefilter import sql_text as sql
from acquire.prefilter.bins import Bins, CategoryBins, NumericBins
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.risk_model import RiskModel
from acquire.prefilter.scorecard import Scorecard

_CHANNEL = "channel"


def scorecard_sql(
    risk: RiskModel | Scorecard,
    *,
    table: str,
    key: str = "lead_id",
    schema: str | None = None,
    offers: Sequence[str] | None = None,
    own_names: Mapping[str, str] | None = None,
) -> str:
    """One SELECT, without a closing semicolon, whose text is valid in SQLite and PostgreSQL.

    Args:
        risk: The model; of a bare scorecard, the chance before calibration. Leads are judged on the model's own day.
        table: The table of leads.
        key: Its column that tells leads apart; passed through.
        schema: The table's schema, where it needs one.
        offers: Offers to give a chance each; default: all that history had.
        own_names: The table's names of columns that the model calls otherwise, name in the model -> name in the table.

    Returns:
        SQL whose columns are the key, `points`, `points_<variable>` in the scorecard's order, `p_bad` (of the average offer) and
        `p_bad_<offer>`; one row per row of the table.

    Raises:
        BadInput: The model has no scorecard, or a name or a number in it cannot be written as SQL.
    """
    model = _Model.of(risk, offers)
    own = own_names or {}
    prefix = sql.stage_prefix(table)
    stage = {step: f"{prefix}{step}" for step in ("values", "bins", "sums", "odds", "calibrated")}
    selects = {
        stage["values"]: model.values(own.get(key, key), sql.table_name(table, schema), own),
        stage["bins"]: model.points_by_bin(stage["values"]),
        stage["sums"]: model.sums(stage["bins"]),
        stage["odds"]: model.odds(stage["sums"]),
        stage["calibrated"]: model.calibrated(stage["odds"]),
    }
    return sql.comment(_head(risk, model)) + sql.stages(selects, model.result(key, stage["calibrated"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """What goes into the SELECT.

    Attributes:
        card: Gives the points.
        calibration: Applied to its ln(odds bad).
        seen: The card that measures distance; None where distance shifts nothing.
        centre, tilt: Of that distance.
        drift: Shift of ln(odds bad) per channel on the model's day; the key None stands for all other channels.
        shifts: Shift of ln(odds bad) per offer.
    """

    card: Scorecard
    calibration: Calibration
    seen: Scorecard | None
    centre: float
    tilt: float
    drift: Mapping[str | None, float]
    shifts: Mapping[str, float]

    @classmethod
    def of(cls, risk: RiskModel | Scorecard, offers: Sequence[str] | None) -> "_Model":
        """The parts of a model, or of a bare scorecard."""
        if isinstance(risk, Scorecard):
            plain = Calibration()
            return cls(card=risk, calibration=plain, seen=None, centre=0.0, tilt=0.0, drift={}, shifts={})
        if risk.scorecard is None:
            raise BadInput(
                "the risk model has no scorecard: too few bad bookings were known, all leads get the average"
            )
        named = list(risk.offers.sd) if offers is None else list(offers)
        now = risk.drift.table()["shift_now"].tolist()
        return cls(
            card=risk.scorecard,
            calibration=risk.calibration,
            seen=risk.seen.card if risk.seen.tilt else None,
            centre=risk.seen.centre,
            tilt=risk.seen.tilt,
            drift=dict(zip((*risk.drift.channels, None), now, strict=True)) if any(now) else {},
            shifts={offer: risk.offers.shift.get(offer, 0.0) for offer in named},
        )

    def columns(self) -> dict[str, tuple[str, Bins | None]]:
        """Every column that is read: its name in the stages, and the bins that say what it is (None: the channel as it is)."""
        read: dict[str, Bins | None] = {}
        for card in self._cards():
            read |= {v.feature.name: v.bins for v in card.variables if v.feature.name not in read}
        if self.drift:
            read.setdefault(_CHANNEL, None)
        return {name: (f"v{i}", bins) for i, (name, bins) in enumerate(read.items(), 1)}

    def values(self, key: str, table: str, own: Mapping[str, str]) -> str:
        lines = [f"  lead.{sql.name(key)} AS lead_key"]
        for name, (value, bins) in self.columns().items():
            column = f"lead.{sql.name(own.get(name, name))}"
            lines.append(f"  {_read(column, bins)} AS {value}")
        return "SELECT\n" + ",\n".join(lines) + f"\nFROM {table} AS lead"

    def points_by_bin(self, values: str) -> str:
        columns = self.columns()
        lines = ["  lead_key"]
        for letter, card in zip("pd", self._cards(), strict=False):
            for i, variable in enumerate(card.variables, 1):
                value, _ = columns[variable.feature.name]
                lines.append(f"  {_points_of(variable.bins, value, variable.points.tolist())} AS {letter}{i}")
        if self.drift:
            lines.append(f"  {_drift(self.drift, columns[_CHANNEL][0])} AS drift")
        return "SELECT\n" + ",\n".join(lines) + f"\nFROM {values}"

    def sums(self, bins: str) -> str:
        lines = ["  *", f"  {_sum(self.card, 'p')} AS points"]
        if self.seen is not None:
            lines.append(f"  {_sum(self.seen, 'd')} AS distance_points")
        return "SELECT\n" + ",\n".join(lines) + f"\nFROM {bins}"

    def odds(self, sums: str) -> str:
        lines = ["  *", f"  {formula.log_odds(self.card, 'points')} AS z"]
        if self.seen is not None:
            lines.append(f"  {formula.distance(self.seen, self.centre, 'distance_points')} AS distance")
        return "SELECT\n" + ",\n".join(lines) + f"\nFROM {sums}"

    def calibrated(self, odds: str) -> str:
        y = [formula.calibrated(self.calibration, "z")]
        y += ["drift"] if self.drift else []
        y += [formula.tilted(self.tilt, "distance")] if self.seen is not None else []
        return "SELECT\n  *,\n  " + "\n    + ".join(y) + f" AS y\nFROM {odds}"

    def result(self, key: str, calibrated: str) -> str:
        lines = [f"  lead_key AS {sql.name(key)}", "  points"]
        for i, variable in enumerate(self.card.variables, 1):
            lines.append(f"  p{i} AS {sql.output_name(f'points_{variable.feature.name}', i)}")
        lines.append(f"  {formula.chance('y', 0.0)} AS p_bad")
        for i, (offer, shift) in enumerate(self.shifts.items(), 1):
            lines.append(f"  {formula.chance('y', shift)} AS {sql.output_name(f'p_bad_{offer}', i)}")
        return "SELECT\n" + ",\n".join(lines) + f"\nFROM {calibrated}"

    def _cards(self) -> Iterator[Scorecard]:
        yield self.card
        if self.seen is not None:
            yield self.seen


def _read(column: str, bins: Bins | None) -> str:
    if isinstance(bins, NumericBins):
        return sql.number_column(column)
    empty_is_level = bins is not None and "" in (*bins.levels, *bins.rare)
    return sql.text_column(column) if not empty_is_level else sql.plain_text_column(column)


def _points_of(bins: Bins, value: str, points: list[float]) -> str:
    """Points of the bin that the value falls into: the missing first, then bin by bin; the last arm takes all others."""
    arms, others = _arms(bins, value)
    lines = [f"    WHEN {value} IS NULL THEN {sql.double(points[-1])}"]
    lines += [f"    WHEN {condition} THEN {sql.number(points[code])}" for condition, code in arms]
    return "\n".join(["CASE", *lines, f"    ELSE {sql.number(points[others])} END"])


def _arms(bins: Bins, value: str) -> tuple[list[tuple[str, int]], int]:
    """Conditions with the number of their bin, the first that holds decides; and the bin of all that meet none."""
    if isinstance(bins, CategoryBins):
        return _category_arms(bins, value)
    last = len(bins.edges)
    codes = [(f"{value} = {sql.number(code)}", last + i) for i, code in enumerate(bins.special, 1)]
    return [*codes, *((f"{value} <= {sql.number(edge)}", i) for i, edge in enumerate(bins.edges))], last


def _category_arms(bins: CategoryBins, value: str) -> tuple[list[tuple[str, int]], int]:
    other = len(bins.levels)
    arms = [(f"{value} = {sql.text(level)}", i) for i, level in enumerate(bins.levels)]
    if bins.never_seen is None:
        return arms, other
    if bins.rare:
        arms.append((f"{value} IN ({sql.texts(sorted(bins.rare))})", other))
    return arms, bins.never_seen


def _drift(drift: Mapping[str | None, float], channel: str) -> str:
    others = sql.double(drift[None])
    named = [
        f"    WHEN {channel} = {sql.text(name)} THEN {sql.number(shift)}"
        for name, shift in drift.items()
        if name is not None
    ]
    return "\n".join(["CASE", *named, f"    ELSE {others} END"]) if named else others


def _sum(card: Scorecard, letter: str) -> str:
    return " + ".join([sql.double(card.constant), *(f"{letter}{i}" for i in range(1, len(card.variables) + 1))])


def _head(risk: RiskModel | Scorecard, model: _Model) -> Iterator[str]:
    """What the SELECT gives, by which formula, and which model it is."""
    yield "Points and chance to go bad of every lead. One SELECT, the same text for PostgreSQL (12 or later) and SQLite (3.35 or"
    yield "later, with its math functions)."
    yield f"Model: SHA-256 {hashlib.sha256(risk.to_json().encode()).hexdigest()} of its JSON text."
    yield ""
    yield "  points      constant + the points of every variable's bin; more is better"
    yield "  points_...  the points of one variable"
    yield "  p_bad       1 / (1 + exp(-y)): chance to go bad, given that the lead books"
    yield "  p_bad_...   the same under one offer, whose shift is added to y"
    yield f"  z           ln(odds bad) = (offset - points) / factor, offset {model.card.offset!r}, factor {model.card.factor!r}"
    yield from (f"  {line}" for line in formula.in_words(model.calibration))
    if model.drift:
        yield "              + drift: the trend of the lead's channel, carried on to the day of the model"
    if model.seen is not None:
        yield f"              + {model.tilt!r} * distance from the bookings whose outcome is known (d1, d2 ...)"
    yield ""
    yield "Numeric columns must hold numbers and categories texts, as in the tables the model was fitted on. NULL, NaN and the"
    yield "empty text are missing. z and y are kept within +-700, beyond which EXP overflows."
    yield from (f"  {value}: {name}" for name, (value, _) in model.columns().items())

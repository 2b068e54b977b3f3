"""frontier.json as types: what `acquire frontier` promises, in the form that pages, files and the database read."""

import json
import math
from dataclasses import asdict, dataclass
from datetime import datetime

from acquire.outlook import FrontierPoint
from campaigns.json_values import line, lines, number, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierDocument:
    """All of frontier.json.

    Attributes:
        plan_id, name, campaign, currency, objective: Of the plan.
        made_at: Instant, UTC.
        limit: The limit along the curves: "budget", or "min_incremental_accounts" where spend is minimised.
        confidence, basis: Of the promise on the bad rate, which holds at every point.
        sampled: Whether the points are from a weighted sample of the people.
        here: The plan in force.
        points: By cap on the bad rate (1 = no cap), then along the curve.
    """

    plan_id: str
    name: str
    campaign: str
    currency: str
    objective: str
    made_at: datetime
    limit: str
    confidence: float
    basis: str
    sampled: bool
    here: FrontierPoint
    points: tuple[FrontierPoint, ...]

    @property
    def caps(self) -> tuple[float, ...]:
        """Caps on the bad rate, one curve each, ascending; one that is undefined where bad rates are not known."""
        known = sorted({point.max_bad_rate for point in self.points if math.isfinite(point.max_bad_rate)})
        return tuple(known) or (math.nan,)

    @property
    def allowed(self) -> tuple[float, ...]:
        """Figures along the curves, ascending."""
        return tuple(sorted({point.allowed for point in self.points}))

    def curve(self, cap: float) -> tuple[FrontierPoint, ...]:
        """The points of one curve, ascending; an undefined cap gives all."""
        return tuple(point for point in self.points if math.isnan(cap) or point.max_bad_rate == cap)

    def to_json(self) -> str:
        """Give the document as JSON text; undefined figures are null."""
        return json.dumps(plain(asdict(self)), indent=2, ensure_ascii=False, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "FrontierDocument":
        """Read back what `to_json` wrote."""
        raw = json.loads(text)
        return cls(
            **{
                **raw,
                "made_at": datetime.fromisoformat(raw["made_at"]),
                "confidence": number(raw["confidence"]),
                "here": line(FrontierPoint, raw["here"]),
                "points": lines(FrontierPoint, raw["points"]),
            }
        )

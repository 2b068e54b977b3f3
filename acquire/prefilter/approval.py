"""Approval, re-scored and not learned: the lender's own cut-off may move, and bookings are priced anew without refitting.

    p_booked = P(applies) * P(is approved | applies) * P(draws | is approved)

Only the middle factor is the lender's own. Applicants are approved whose score reaches the cut-off, but the score of the day of
application is not the one a lead shows. The difference is taken as logistic noise around 0:

    P(is approved | applies, score, cut-off) = 1 / (1 + exp(-(score - cut-off) / s))

with s from history's applicants; s = 0 is a cut-off without noise. Where the cut-off moves, the chance to book moves from p to

    p * after / before                                  where approval gets less likely
    p + would_book * (after - before)                   where it gets more likely
    would_book = (min(p, before) + k * typical) / (before + k)

with `before` and `after` the chance of approval under both cut-offs, and `typical` = booked / sum(before) of the lead's channel
and offer. p / before alone would explode for leads that history hardly ever approved: k draws it to what is typical.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput
from acquire.policy import Approval

Floats = NDArray[np.float64]

ANY_CHANNEL = "*"
# k above: a lead that history would have approved 1 time in 10 counts half by its own chance, half by what is typical.
SHRINKAGE = 0.1
_PRIOR_ROWS = 200.0
_PRIOR_APPROVED = 20.0
_MOST_STEPS = 100
_LARGEST_LOG_ODDS = 700.0  # beyond, exp overflows


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalModel:
    """The cut-off with what history says of its noise and of those it approves.

    Attributes:
        approval: What the lender states.
        scale: s in points of the score; 0 = applicants are approved exactly by the score they showed as leads.
        rates: Indexed by (channel, offer), control included and channel "*" for channels history never saw. `typical`: booked
            / sum of approval chances; `drawn`: booked / approved. Both shrunk to the offer's.
    """

    approval: Approval
    scale: float
    rates: pd.DataFrame

    COLUMNS: ClassVar[tuple[str, ...]] = ("typical", "drawn")

    def chance(self, score: Floats, cut_off: float | None = None) -> Floats:
        """P(is approved | applies) of scores as `read_scores` gives them, shape as given; by default under today's cut-off."""
        return _chance(
            _points_above(score, self.approval, self.approval.cut_off if cut_off is None else cut_off), self.scale
        )

    def reprice(self, frame: pd.DataFrame, arms: Sequence[str], p_booked: Floats) -> Floats:
        """Chances to book under today's cut-off, from those under the one in force in history, shape (n, n_arms).

        Args:
            frame: `channel` and the field of the score.
            arms: Offer of each column of `p_booked`; may hold control.
            p_booked: Chances to book under history's cut-off, shape (n, n_arms).
        """
        score = read_scores(frame, self.approval)
        before, after = self.chance(score, self.approval.was), self.chance(score)
        return reprice(p_booked, self.rate("typical", frame["channel"], arms), before[:, None], after[:, None])

    def p_approved(self, channel: pd.Series, arms: Sequence[str], p_booked: Floats) -> Floats:
        """Chance that a contact leads to an approval = p_booked / P(draws | is approved), shape (n, n_arms)."""
        approved: Floats = np.minimum(p_booked / self.rate("drawn", channel, arms), 1.0)
        return approved

    def rate(self, name: str, channel: pd.Series, arms: Sequence[str]) -> Floats:
        """`typical` or `drawn` of every lead under every arm, shape (n, n_arms)."""
        codes, names = pd.factorize(channel)
        known = set(self.rates.index)
        keys = [[(c if (c, arm) in known else ANY_CHANNEL, arm) for arm in arms] for c in names]
        table = np.array([[self.rates.at[key, name] for key in row] for row in keys], dtype=np.float64)
        found: Floats = table[codes]
        return found

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        stated = {name: getattr(self.approval, name) for name in Approval.__dataclass_fields__}
        return {"approval": stated, "scale": self.scale, "rates": self.rates.reset_index().to_dict(orient="list")}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "ApprovalModel":
        """What `to_json` wrote.

        Raises:
            KeyError, TypeError, ValueError: The content is not what `to_json` wrote.
        """
        stated = {**content["approval"], "codes": tuple(content["approval"]["codes"])}
        rates = pd.DataFrame(content["rates"]).set_index(["channel", "offer"])
        return cls(approval=Approval(**stated), scale=float(content["scale"]), rates=rates[list(cls.COLUMNS)])


def fit_approval(history: pd.DataFrame, approval: Approval) -> ApprovalModel:
    """Learn the noise of the score from history's applicants, and what is typical for those that are approved.

    The noise is the maximum likelihood of approved given (score - was) / s, over all rows that applied.

    Raises:
        BadInput: History lacks a column, an applicant, or approves no more applicants where the score is better.
    """
    _check_columns(history, approval)
    applied = history[(history["applied"] == 1) & history["approved"].notna()]
    if applied.empty:
        raise BadInput(
            f"{approval.named} needs applicants, but no row of history applied; take it out of the policy file"
        )
    points = _points_above(read_scores(applied, approval, "history"), approval, approval.was)
    scale = _fit_scale(points, applied["approved"].to_numpy(np.float64))
    if math.isinf(scale):
        raise BadInput(
            f"{approval.named} says that {approval.field} decides ({approval.op} {approval.was:g}), but history approves no more "
            "often where it is better; correct field, op or was"
        )
    before = _chance(_points_above(read_scores(history, approval, "history"), approval, approval.was), scale)
    return ApprovalModel(approval=approval, scale=scale, rates=_fit_rates(history, before))


def read_scores(frame: pd.DataFrame, approval: Approval, table: str = "leads") -> Floats:
    """The score of every row, with `missing` where it is missing or a code, shape (n,).

    Raises:
        BadInput: The field is missing, is no number, or has gaps that nothing stands for; the line names `table`.
    """
    if approval.field not in frame:
        raise BadInput(
            f"{approval.named} reads {approval.field}, which {table} lacks; correct field in the policy file"
        )
    column = frame[approval.field]
    if not pd.api.types.is_numeric_dtype(column):
        raise BadInput(f"{approval.named} reads {approval.field}, which is no number in {table}; name a numeric column")
    score = column.to_numpy(dtype=np.float64, na_value=np.nan, copy=True)
    gap = ~np.isfinite(score) | np.isin(score, approval.codes)
    if gap.any() and approval.missing is None:
        raise BadInput(
            f"{approval.named} reads {approval.field}, which is empty in {int(gap.sum())} rows of {table}; say which score "
            "stands for that, as in missing = 590"
        )
    score[gap] = approval.missing
    return score


def reprice(p_booked: Floats, typical: Floats, before: Floats, after: Floats) -> Floats:
    """Chances to book once the chance of approval moves from `before` to `after`; shapes broadcast together."""
    would_book = (np.minimum(p_booked, before) + SHRINKAGE * typical) / (before + SHRINKAGE)
    kept = np.divide(np.minimum(after, before), before, out=np.ones_like(before), where=before > 0)
    moved = np.where(after <= before, p_booked * kept, p_booked + would_book * (after - before))
    return np.clip(moved, 0.0, 1.0)


def _points_above(score: Floats, approval: Approval, cut_off: float) -> Floats:
    """Points on the approved side of the cut-off."""
    return score - cut_off if approval.op == "ge" else cut_off - score


def _chance(points: Floats, scale: float) -> Floats:
    """The logistic function of points / scale; the step at 0 points, which is approved, for scale 0."""
    if scale == 0:
        return (points >= 0).astype(np.float64)
    chance: Floats = 1 / (1 + np.exp(-np.clip(points / scale, -_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS)))
    return chance


def _fit_scale(points: Floats, approved: Floats) -> float:
    """s of maximum likelihood; 0 where the cut-off alone tells who was approved, infinite where it tells nothing."""
    if bool(((points >= 0) == (approved == 1)).all()):
        return 0.0
    if float(points @ (approved - 0.5)) <= 0:  # the slope of the likelihood at 1 / s = 0
        return math.inf
    return 1.0 / _root_of_falling(lambda slope: float(points @ (approved - _chance(points, 1.0 / slope))), points)


def _root_of_falling(function: Any, points: Floats) -> float:
    """Where a falling function that is above 0 near 0 crosses 0: doubled until below, then halved."""
    low, high = 0.0, 1.0 / max(float(np.abs(points).mean()), 1e-12)
    for _ in range(_MOST_STEPS):
        if function(high) <= 0:
            break
        low, high = high, 2 * high
    for _ in range(_MOST_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if function(middle) > 0 else (low, middle)
    return high


def _fit_rates(history: pd.DataFrame, before: Floats) -> pd.DataFrame:
    """`typical` and `drawn` per channel and offer, drawn towards the offer's over all channels."""
    counted = pd.DataFrame(
        {
            "channel": history["channel"].to_numpy(),
            "offer": history["offer"].to_numpy(),
            "booked": history["booked"].to_numpy(np.float64),
            "before": before,
            "approved": np.nan_to_num(history["approved"].to_numpy(np.float64)),
        }
    )
    everywhere = counted.groupby("offer")[["booked", "before", "approved"]].sum()
    everywhere = _ratios(everywhere, _ratios(everywhere.sum().to_frame().T, None).iloc[0])
    by_channel = counted.groupby(["channel", "offer"])[["booked", "before", "approved"]].sum()
    prior = everywhere.loc[by_channel.index.get_level_values("offer")].set_axis(by_channel.index)
    any_channel = everywhere.set_axis(pd.MultiIndex.from_product([[ANY_CHANNEL], everywhere.index]))
    return pd.concat([any_channel, _ratios(by_channel, prior)]).rename_axis(["channel", "offer"])


def _ratios(sums: pd.DataFrame, prior: "pd.DataFrame | pd.Series | None") -> pd.DataFrame:
    """Booked over chances and booked over approved, drawn towards `prior`; at most 1, and 1 where nothing is known."""
    rows, approved = (0.0, 0.0) if prior is None else (_PRIOR_ROWS, _PRIOR_APPROVED)
    typical, drawn = (1.0, 1.0) if prior is None else (prior["typical"], prior["drawn"])
    return pd.DataFrame(
        {
            "typical": ((sums["booked"] + rows * typical) / (sums["before"] + rows)).clip(upper=1.0).fillna(1.0),
            "drawn": ((sums["booked"] + approved * drawn) / (sums["approved"] + approved)).clip(upper=1.0).fillna(1.0),
        }
    )


def _check_columns(history: pd.DataFrame, approval: Approval) -> None:
    for column in ("applied", "approved"):
        if column not in history:
            raise BadInput(
                f"{approval.named} needs the column {column} in history, which lacks it; add it, or take [approval] out"
            )

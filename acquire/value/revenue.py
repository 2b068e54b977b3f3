"""What a booking is expected to bring: one model for bookings that stay good, one for those that go bad."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import Feature
from acquire.errors import UNREADABLE, BadInput
from acquire.statistics.encoding import Encoder, fit_encoder
from acquire.statistics.trees import booster_from_content, trees_to_content

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_FEWEST_FOR_TREES = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingRevenue:
    """Expected revenue of one booking of one kind (good, bad, or all).

    Attributes:
        level: Money that does not depend on the amount.
        per_amount: Money per unit of amount; 0 where amounts are unknown.
        mean_amount: Stands in for an amount that is missing; 0 where amounts are unknown.
        trees: Differences between leads where amounts are unknown; None where the amount explains them or rows are too few.
        offer_shift: Money per offer, on top, for the price that the offer grants; shrunk towards 0.
    """

    level: float
    per_amount: float
    mean_amount: float = 0.0
    trees: lgb.Booster | None
    offer_shift: dict[str, float] = field(default_factory=dict)

    def predict(self, frame: pd.DataFrame, matrix: Floats, offer: str) -> Floats:
        """Give expected revenue of a booking under `offer`, shape (n,), in money."""
        base = np.full(len(frame), self.level + self.offer_shift.get(offer, 0.0))
        if self.per_amount:
            amount = frame["amount"].to_numpy(dtype=np.float64)
            base += self.per_amount * np.where(np.isnan(amount), self.mean_amount, amount)
        if self.trees is not None:
            base += np.asarray(self.trees.predict(matrix, num_threads=1))
        return base

    def to_content(self) -> dict[str, Any]:
        """Give the model as plain JSON values."""
        return {
            "level": self.level,
            "per_amount": self.per_amount,
            "mean_amount": self.mean_amount,
            "offer_shift": dict(self.offer_shift),
            "trees": None if self.trees is None else trees_to_content(self.trees),
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], n_columns: int) -> "BookingRevenue":
        """Give the model that `to_content` gave, from anybody; its trees are checked before LightGBM sees them."""
        if set(content) != {"level", "per_amount", "mean_amount", "offer_shift", "trees"}:
            raise BadInput("the revenue model has other keys than ours; use a file that this version wrote")
        trees = content["trees"]
        return cls(
            level=_finite(content["level"]),
            per_amount=_finite(content["per_amount"]),
            mean_amount=_finite(content["mean_amount"]),
            trees=None if trees is None else booster_from_content(trees, n_columns),
            offer_shift={str(name): _finite(shift) for name, shift in content["offer_shift"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueModel:
    """Expected revenue of a booking: (1 - p_bad) * good + p_bad * bad.

    Attributes:
        encoder: Of the features the trees use.
        good, bad: The same model twice where history has no bad label.
    """

    encoder: Encoder
    good: BookingRevenue
    bad: BookingRevenue

    def kinds(self, frame: pd.DataFrame, offer: str) -> tuple[Floats, Floats]:
        """Give the expected revenue of a booking that stays good and of one that goes bad, each shape (n,), in money."""
        matrix = self.encoder.matrix(frame)
        return self.good.predict(frame, matrix, offer), self.bad.predict(frame, matrix, offer)

    def predict(self, frame: pd.DataFrame, offer: str, p_bad: Floats) -> Floats:
        """Give the expected revenue of a booking under `offer`, shape (n,), in money."""
        good, bad = self.kinds(frame, offer)
        return (1 - p_bad) * good + p_bad * bad

    def to_content(self) -> dict[str, Any]:
        """Give the model as plain JSON values; the features of its encoder are kept beside it."""
        return {
            "levels": [list(levels) for levels in self.encoder.levels],
            "good": self.good.to_content(),
            "bad": self.bad.to_content(),
        }

    @classmethod
    def from_content(cls, content: Mapping[str, Any], features: tuple[Feature, ...]) -> "RevenueModel":
        """Give the model that `to_content` gave; it predicts the same, bit for bit.

        Args:
            content: From anybody.
            features: Columns that it reads, in order.

        Raises:
            BadInput: It is no such model over those features.
        """
        try:
            if set(content) != {"levels", "good", "bad"}:
                raise BadInput("the revenue model has other keys than ours; use a file that this version wrote")
            encoder = Encoder.of(features, content["levels"])
            good, bad = (BookingRevenue.from_content(content[kind], len(features)) for kind in ("good", "bad"))
        except UNREADABLE:
            raise BadInput(
                "the revenue model is not in a form of this version; use a file that this version wrote"
            ) from None
        if (good.per_amount or bad.per_amount) and "amount" not in encoder.names:
            raise BadInput("the revenue model reads amount, which is none of its features; use a file that is whole")
        return cls(encoder=encoder, good=good, bad=bad)


def fit_revenue(history: pd.DataFrame, features: tuple[Feature, ...], seed: int) -> RevenueModel | None:
    """Learn revenue from bookings whose revenue is known; None where there are none.

    With amounts, revenue is a straight line in the amount (interest earned, or principal lost); without, boosted trees on the
    features. What an offer's price changes is added per offer, shrunk by empirical Bayes.

    Args:
        history: The History frame.
        features: Columns the models may use.
        seed: Of the trees.
    """
    if "revenue" not in history:
        return None
    known = history[(history["booked"] == 1) & history["revenue"].notna()]
    if known.empty:
        return None
    encoder = fit_encoder(history, features)
    bad = known["bad"].to_numpy(np.float64) if "bad" in known else np.full(len(known), np.nan)
    if min((bad == 1).sum(), (bad == 0).sum()) < 2:
        everybody = _fit_kind(known, encoder, seed)
        return RevenueModel(encoder=encoder, good=everybody, bad=everybody)
    return RevenueModel(
        encoder=encoder,
        good=_fit_kind(known[bad == 0], encoder, seed),
        bad=_fit_kind(known[bad == 1], encoder, seed + 1),
    )


def _fit_kind(known: pd.DataFrame, encoder: Encoder, seed: int) -> BookingRevenue:
    revenue = known["revenue"].to_numpy(np.float64)
    level, per_amount, mean_amount, trees = float(revenue.mean()), 0.0, 0.0, None
    expected = np.full(len(known), level)
    if "amount" in encoder.names and known["amount"].notna().all() and known["amount"].std() > 0:
        amount = known["amount"].to_numpy(np.float64)
        per_amount, level = (float(part) for part in np.polyfit(amount, revenue, 1))
        mean_amount = float(amount.mean())
        expected = level + per_amount * amount
    elif len(known) >= _FEWEST_FOR_TREES:
        trees = _fit_trees(encoder.matrix(known), revenue - level, seed)
        expected = level + np.asarray(trees.predict(encoder.matrix(known), num_threads=1))
    shift = _offer_shifts(known["offer"], revenue - expected)
    return BookingRevenue(level=level, per_amount=per_amount, mean_amount=mean_amount, trees=trees, offer_shift=shift)


def _fit_trees(matrix: Floats, revenue: Floats, seed: int) -> lgb.Booster:
    model = lgb.LGBMRegressor(
        n_estimators=60, learning_rate=0.05, num_leaves=4, min_child_samples=100, reg_lambda=10, colsample_bytree=0.5,
        n_jobs=1, random_state=seed, verbose=-1,
    )  # fmt: skip
    model.fit(matrix, revenue)
    return model.booster_


def _offer_shifts(offer: pd.Series, residual: Floats) -> dict[str, float]:
    """Shrink each offer's mean residual by how far it stands out of chance.

    References:
        Morris (1983), "Parametric Empirical Bayes Inference: Theory and Applications", JASA 78.
    """
    groups = pd.Series(residual, index=offer.index).groupby(offer)
    mean, variance = groups.mean(), groups.var(ddof=1).fillna(np.inf) / groups.count()
    between = max(0.0, float((mean**2 - variance.replace(np.inf, 0)).mean()))
    if between <= 0:
        return {str(name): 0.0 for name in mean.index}
    trust = between / (between + variance)
    return {str(name): float(shift) for name, shift in (trust * mean).items()}


def break_even_bad_rate(booked: Floats, good: Floats, bad: Floats, spend: Floats) -> float:
    """Give the bad rate at which an average booking of the plan earns nothing.

        (1 - r) * G + r * L = C   =>   r = (G - C) / (G - L)

    with G and L the mean revenue of a good and of a bad booking, weighted by the chance to book, and C spend per booking.

    Args:
        booked: Chance to book of each contact, shape (n,).
        good, bad: Revenue if it stays good, if it goes bad, shape (n,), in money.
        spend: Expected spend of each contact, shape (n,), in money.

    Returns:
        A fraction; NaN where nothing is booked or good and bad bring the same. Below 0: no booking earns its cost.
    """
    total = booked.sum()
    if total <= 0:
        return float("nan")
    gain, loss, cost = (booked * good).sum() / total, (booked * bad).sum() / total, spend.sum() / total
    return float((gain - cost) / (gain - loss)) if gain != loss else float("nan")


def _finite(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not np.isfinite(value):
        raise BadInput("the revenue model has a number that is none, or not finite; use a file that this version wrote")
    return float(value)

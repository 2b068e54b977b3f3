"""Chance to go bad per offer, and how sure it is: scorecard, calibration, shift per offer, errors of level and channel.

    ln odds bad (lead, offer) = calibration(scorecard(lead)) + shift(offer)

Errors that leads share are independent standard normal numbers; `loadings` says how far each of them moves each lead: the
scorecard's own errors, one for the common level (bad rates move from month to month), one per channel (what it does beyond
the scorecard), one for all channels history never saw, one per offer, one for all offers history never saw.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.prefilter.calibrate import Calibration, fit_calibration
from acquire.prefilter.effects import Effects, residuals_by
from acquire.prefilter.quality import RiskQuality, measure
from acquire.prefilter.scorecard import Scorecard, ScorecardSettings
from acquire.prefilter.scorecard_fit import cross_fit, fit_scorecard, stratified_folds

Floats = NDArray[np.float64]

FEWEST_OF_EACH = 50
_FORMAT = 1
_AVERAGE_ONLY_SD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskModel:
    """Chance to go bad, given that the lead books; see the module's formula.

    Attributes:
        scorecard: The white box; None where history has too few bad or good bookings to fit one.
        calibration: Applied to the scorecard's chance.
        average_log_odds: ln(odds bad) of everybody where there is no scorecard.
        offers: Shifts per offer; all 0 where history cannot tell offers apart.
        channels: Errors per channel beyond the scorecard; their shifts are not applied.
        level_sd: Standard deviation of the common level, in ln(odds).
        notes: What a reader must know, one sentence each.
        quality: Out-of-fold quality; None for a model read from a file.
    """

    scorecard: Scorecard | None
    calibration: Calibration
    average_log_odds: float
    offers: Effects
    channels: Effects
    level_sd: float
    notes: tuple[str, ...]
    quality: RiskQuality | None

    @property
    def offer_shift_note(self) -> str:
        """Whether offers differ in the risk of those who book, in one sentence."""
        return self.notes[0]

    def log_odds(self, frame: pd.DataFrame, offer: str | None = None) -> Floats:
        """ln(odds bad) of each lead, shape (n,), under `offer`; None = the average offer."""
        shift = self.offers.shift.get(offer, 0.0) if offer is not None else 0.0
        if self.scorecard is None:
            return np.full(len(frame), self.average_log_odds + shift)
        return self.calibration.log_odds(self.scorecard.log_odds_bad(frame)) + shift

    def p_bad(self, frame: pd.DataFrame, offer: str | None = None) -> Floats:
        """Chance to go bad, given that the lead books under `offer`, shape (n,); None = the average offer."""
        return np.asarray(expit(self.log_odds(frame, offer)), dtype=float)

    def loadings(self, frame: pd.DataFrame, offer: str | None = None) -> Floats:
        """Derivative of p_bad by k independent standard normal errors, shape (n, k).

        The k errors are the same for every offer and every frame, so covariances across leads and offers are products:
        Cov(p_bad[i] under o, p_bad[j] under q) = loadings(o)[i] @ loadings(q)[j].
        """
        p = self.p_bad(frame, offer)
        columns = [self._scorecard_errors(frame), np.full((len(frame), 1), self.level_sd)]
        columns += [self._channel_errors(frame), self._offer_errors(len(frame), offer)]
        return np.hstack(columns) * (p * (1 - p))[:, None]

    def _scorecard_errors(self, frame: pd.DataFrame) -> Floats:
        if self.scorecard is None:
            return np.zeros((len(frame), 0))
        slope = self.calibration.log_odds_slope(self.scorecard.log_odds_bad(frame))
        return self.scorecard.log_odds_errors(frame) * slope[:, None]

    def _channel_errors(self, frame: pd.DataFrame) -> Floats:
        names = list(self.channels.sd)
        found = pd.Index(names, dtype="str").get_indexer(pd.Index(frame["channel"].astype("str")))
        sd = np.array([*self.channels.sd.values(), self.channels.unseen_sd], dtype=float)
        errors = np.zeros((len(frame), len(sd)))
        # get_indexer gives -1 for an unseen channel: the last column.
        errors[np.arange(len(frame)), found] = sd[found]
        return errors

    def _offer_errors(self, n: int, offer: str | None) -> Floats:
        names = list(self.offers.sd)
        errors = np.zeros((n, len(names) + 1))
        if offer is not None:
            column = names.index(offer) if offer in names else len(names)
            errors[:, column] = self.offers.sd.get(offer, self.offers.unseen_sd)
        return errors

    def to_json(self) -> str:
        """The model as JSON text, without its quality."""
        content = {
            "format": _FORMAT,
            "scorecard": None if self.scorecard is None else self.scorecard.to_content(),
            "calibration": asdict(self.calibration),
            "average_log_odds": self.average_log_odds,
            "offers": self.offers.to_json(),
            "channels": self.channels.to_json(),
            "level_sd": self.level_sd,
            "notes": list(self.notes),
        }
        return json.dumps(content, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "RiskModel":
        """The model that `to_json` wrote; it predicts the same, bit for bit.

        Raises:
            BadInput: Written by another version, or not by `to_json`.
        """
        try:
            return cls._from_content(json.loads(text))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput("the risk model cannot be read; use a file that this version wrote") from error

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> "RiskModel":
        if content["format"] != _FORMAT:
            raise BadInput(f"the risk model has format {content['format']!r}; this version reads format {_FORMAT}")
        card = content["scorecard"]
        return cls(
            scorecard=None if card is None else Scorecard.from_content(card),
            calibration=Calibration.from_content(content["calibration"]),
            average_log_odds=float(content["average_log_odds"]),
            offers=Effects.from_json(content["offers"]),
            channels=Effects.from_json(content["channels"]),
            level_sd=float(content["level_sd"]),
            notes=tuple(content["notes"]),
            quality=None,
        )


def fit_risk_model(
    history: pd.DataFrame,
    features: Sequence[Feature],
    *,
    rng: np.random.Generator,
    n_folds: int = 5,
    settings: ScorecardSettings | None = None,
) -> RiskModel:
    """Fit the chance to go bad from bookings whose outcome is known.

    Args:
        history: Booked and matured rows: `bad` 0/1, `offer`, `channel`, the features; optional `contacted_on`.
        features: Columns to use.
        rng: Source of folds and draws.
        n_folds: Folds for the out-of-fold predictions.
        settings: How the scorecard is fitted.

    Returns:
        The model. With fewer than 50 bad or 50 good rows: the average for everybody, with wide errors and a note.

    Raises:
        BadInput: There are no rows, or `bad` holds something else than 0 and 1.
    """
    bad = _outcomes(history)
    if min(bad.sum(), (1 - bad).sum()) < FEWEST_OF_EACH:
        return _average_only(bad)
    folds = stratified_folds(bad, n_folds, rng)
    out_of_fold = cross_fit(history, features, bad, folds, settings=settings)
    card = fit_scorecard(history, features, bad, rng=rng, settings=settings, penalty=out_of_fold.penalty)
    calibrated = fit_calibration(out_of_fold.p_bad, bad, folds=stratified_folds(bad, n_folds, rng))
    p = calibrated.p_bad
    by_offer = residuals_by(history["offer"], p, bad)
    offers = by_offer.shrunk()
    return RiskModel(
        scorecard=card,
        calibration=calibrated.calibration,
        average_log_odds=float(logit(bad.mean())),
        offers=offers,
        channels=_channel_errors_left(history["channel"], p, bad, card),
        level_sd=_level_sd(history, p, bad),
        notes=(_offer_note(offers, by_offer.p_equal),),
        quality=measure(p, bad, folds),
    )


def _outcomes(history: pd.DataFrame) -> Floats:
    bad = history["bad"].to_numpy(dtype=float, na_value=np.nan)
    if not len(bad):
        raise BadInput("history has no booked row whose bad label is known; add labels or drop the bad-rate limit")
    if not np.isin(bad, (0.0, 1.0)).all():
        raise BadInput("bad holds a value other than 0 and 1 among matured bookings; give 0, 1 or leave it empty")
    return bad


def _average_only(bad: Floats) -> RiskModel:
    """Everybody at the average: half a bad and half a good row are added, so that 0 of 30 is not "never"."""
    n, n_bad = len(bad), float(bad.sum())
    rate = (n_bad + 0.5) / (n + 1)
    sd = float(np.sqrt(1 / (n_bad + 0.5) + 1 / (n - n_bad + 0.5)))
    p = np.full(n, rate)
    few = f"only {n_bad:.0f} bad and {n - n_bad:.0f} good bookings are known: every lead gets the average {rate:.3f}"
    return RiskModel(
        scorecard=None,
        calibration=Calibration(),
        average_log_odds=float(logit(rate)),
        offers=Effects(),
        channels=Effects(unseen_sd=_AVERAGE_ONLY_SD),
        level_sd=sd,
        notes=("offers are taken as equal in risk: too few labels to tell", few),
        quality=measure(p, bad, np.zeros(n, dtype=np.int64)),
    )


def _offer_note(offers: Effects, p_equal: float) -> str:
    if not offers.shift:
        return (
            f"offers count as equal in the risk of those who book: history cannot tell them apart (p = {p_equal:.2f})"
        )
    named = ", ".join(f"{name} {shift:+.2f}" for name, shift in offers.shift.items())
    return f"offers differ in the risk of those who book (p = {p_equal:.3f}); shifts of ln(odds bad): {named}"


def _channel_errors_left(channel: pd.Series, p: Floats, bad: Floats, card: Scorecard) -> Effects:
    """What is left between channels out of fold; for an unseen channel, the spread of the known ones too."""
    left = residuals_by(channel, p, bad).shrunk()
    known = [v for v in card.variables if v.feature.name == "channel"]
    spread = sum(_spread(v.points / card.factor, v.count) for v in known)
    return replace(left, shift={}, unseen_sd=float(np.hypot(left.unseen_sd, spread)))


def _spread(values: Floats, weights: Floats) -> float:
    return float(np.average((values - np.average(values, weights=weights)) ** 2, weights=weights) ** 0.5)


def _level_sd(history: pd.DataFrame, p: Floats, bad: Floats) -> float:
    """How far the common level moves between months beyond chance; 0 without dates or with fewer than 3 months."""
    if "contacted_on" not in history.columns:
        return 0.0
    months = residuals_by(pd.to_datetime(history["contacted_on"]).dt.strftime("%Y-%m"), p, bad)
    return months.between_variance() ** 0.5 if len(months.names) >= 3 else 0.0

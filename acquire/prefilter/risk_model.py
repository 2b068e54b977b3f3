"""Chance to go bad per offer, and how sure it is.

    ln odds bad (lead, offer) = calibration(ranking(lead)) + drift(channel, day) + tilt * distance(lead) + shift(offer)

`ranking` is the champion in force, scorecard or challenger. `drift` carries each channel's trend on to the day of the plan,
`distance` says how far the lead lies outside the bookings that have a label. Errors that leads share are
independent standard normal numbers; `loadings` says how far each of them moves each lead: the champion's own errors, one for
the common level (bad rates move from month to month), one per channel (what it does beyond the champion), one for all channels
history never saw, one per offer, one for all offers history never saw, those of the trends, and the one of distance.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from acquire.errors import UNREADABLE, BadInput
from acquire.prefilter.calibrate import Calibration
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.drift import Drift, no_drift
from acquire.prefilter.effects import Effects, places_of
from acquire.prefilter.quality import RiskQuality
from acquire.prefilter.ranking import RankingKind, RankingModel
from acquire.prefilter.ranking_fit import ranking_from_content
from acquire.prefilter.scorecard import Scorecard
from acquire.prefilter.seen import Seen

Floats = NDArray[np.float64]

_FORMAT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedRows:
    """The bookings a model learnt from, in the order they were given, n of them.

    Attributes:
        y: Outcome or what stands for it (see `acquire.prefilter.maturity`), shape (n,); NaN where nothing is known.
        weight: Share of a final label's information, shape (n,).
        p_bad: Chance to go bad under the average offer on the row's own day, by models that did not see the row, shape (n,).
        early_to_late: The table of `acquire.prefilter.early_signs.early_to_late`.
        distance: The table of `acquire.prefilter.seen.distance_table`, or None where there were no leads to compare with.
    """

    y: Floats
    weight: Floats
    p_bad: Floats
    early_to_late: pd.DataFrame
    distance: pd.DataFrame | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskModel:
    """Chance to go bad, given that the lead books; see the module's formula.

    Attributes:
        ranking: The champion, scorecard or challenger; None where history has too few bad or good bookings to fit one.
        calibration: Applied to the champion's chance.
        average_log_odds: ln(odds bad) of everybody where there is no champion.
        offers: Shifts per offer; all 0 where history cannot tell offers apart.
        channels: Errors per channel beyond the champion; their shifts are not applied.
        level_sd: Standard deviation of the common level, in ln(odds).
        notes: What a reader must know, one sentence each.
        drift: Trend per channel.
        seen: Distance from the labelled bookings, and what it does.
        quality: Out-of-fold quality on matured bookings; None for a model read from a file.
        fitted: The bookings it learnt from; None for a model read from a file.
    """

    ranking: RankingModel | None
    calibration: Calibration
    average_log_odds: float
    offers: Effects
    channels: Effects
    level_sd: float
    notes: tuple[str, ...]
    drift: Drift = field(default_factory=no_drift)
    seen: Seen = field(default_factory=Seen)
    quality: RiskQuality | None = None
    fitted: FittedRows | None = None

    @property
    def champion(self) -> RankingKind:
        """Which kind of model ranks."""
        return "challenger" if isinstance(self.ranking, Challenger) else "scorecard"

    @property
    def scorecard(self) -> Scorecard | None:
        """The white box; None where there is no champion, or where the challenger is."""
        return self.ranking if isinstance(self.ranking, Scorecard) else None

    @property
    def offer_shift_note(self) -> str:
        """Whether offers differ in the risk of those who book, in one sentence."""
        return self.notes[0]

    def log_odds(self, frame: pd.DataFrame, offer: str | None = None) -> Floats:
        """ln(odds bad) of each lead, shape (n,), under `offer`; None = the average offer.

        Rows with a `contacted_on` are judged on their own day, others on the plan's.
        """
        return self._log_odds(frame, self._ranked(frame)) + self._shift(offer)

    def p_bad(self, frame: pd.DataFrame, offer: str | None = None) -> Floats:
        """Chance to go bad, given that the lead books under `offer`, shape (n,); None = the average offer."""
        return np.asarray(expit(self.log_odds(frame, offer)), dtype=float)

    def loadings(self, frame: pd.DataFrame, offer: str | None = None) -> Floats:
        """Derivative of p_bad by k independent standard normal errors, shape (n, k).

        The k errors are the same for every offer and every frame, so covariances across leads and offers are products:
        Cov(p_bad[i] under o, p_bad[j] under q) = loadings(o)[i] @ loadings(q)[j].
        """
        _, loadings = self.under_offers(frame, (offer,))
        return np.asarray(loadings[0], dtype=float)

    def under_offers(self, frame: pd.DataFrame, offers: Sequence[str | None]) -> tuple[Floats, Floats]:
        """`p_bad` of each lead under each offer, shape (n, o), and `loadings`, shape (o, n, k); the leads are ranked once."""
        ranked = self._ranked(frame)
        log_odds = self._log_odds(frame, ranked)
        before = [
            self._ranking_errors(frame, ranked),
            np.full((len(frame), 1), self.level_sd),
            self._channel_errors(frame),
        ]
        after = [self.drift.log_odds_errors(frame), self.seen.tilt_sd * self.seen.distance(frame)[:, None]]
        p = np.column_stack([expit(log_odds + self._shift(offer)) for offer in offers])
        loadings = [
            np.hstack([*before, self._offer_errors(len(frame), offer), *after]) * (p[:, [j]] * (1 - p[:, [j]]))
            for j, offer in enumerate(offers)
        ]
        return p, np.stack(loadings)

    def lean(self, offers: Sequence[str]) -> Floats:
        """What bookings under each offer are expected to do beyond `p_bad`, in ln(odds bad), shape (o,)."""
        return np.array([self.offers.lean.get(offer, 0.0) for offer in offers], dtype=float)

    def _shift(self, offer: str | None) -> float:
        return self.offers.shift.get(offer, 0.0) if offer is not None else 0.0

    def _ranked(self, frame: pd.DataFrame) -> Floats | None:
        return None if self.ranking is None else self.ranking.log_odds_bad(frame)

    def _log_odds(self, frame: pd.DataFrame, ranked: Floats | None) -> Floats:
        if ranked is None:
            return np.full(len(frame), self.average_log_odds)
        return self.calibration.log_odds(ranked) + self.drift.shift(frame) + self.seen.tilt * self.seen.distance(frame)

    def _ranking_errors(self, frame: pd.DataFrame, ranked: Floats | None) -> Floats:
        if self.ranking is None or ranked is None:
            return np.zeros((len(frame), 0))
        return self.ranking.log_odds_errors(frame) * self.calibration.log_odds_slope(ranked)[:, None]

    def _channel_errors(self, frame: pd.DataFrame) -> Floats:
        found = places_of(frame["channel"], tuple(self.channels.sd))
        sd = np.array([*self.channels.sd.values(), self.channels.unseen_sd], dtype=float)
        errors = np.zeros((len(frame), len(sd)))
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
        """The model as JSON text, without its quality and the rows it learnt from."""
        content = {
            "format": _FORMAT,
            "ranking": None if self.ranking is None else self.ranking.to_content(),
            "calibration": asdict(self.calibration),
            "average_log_odds": self.average_log_odds,
            "offers": self.offers.to_json(),
            "channels": self.channels.to_json(),
            "level_sd": self.level_sd,
            "drift": self.drift.to_json(),
            "seen": self.seen.to_json(),
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
        except UNREADABLE as error:
            raise BadInput("the risk model cannot be read; use a file that this version wrote") from error

    @classmethod
    def _from_content(cls, content: dict[str, Any]) -> "RiskModel":
        if content["format"] != _FORMAT:
            raise BadInput(f"the risk model has format {content['format']!r}; this version reads format {_FORMAT}")
        ranking = content["ranking"]
        return cls(
            ranking=None if ranking is None else ranking_from_content(ranking),
            calibration=Calibration.from_content(content["calibration"]),
            average_log_odds=float(content["average_log_odds"]),
            offers=Effects.from_json(content["offers"]),
            channels=Effects.from_json(content["channels"]),
            level_sd=float(content["level_sd"]),
            notes=tuple(content["notes"]),
            drift=Drift.from_json(content["drift"]),
            seen=Seen.from_json(content["seen"]),
        )

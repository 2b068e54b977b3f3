"""Made-up traffic of partners, week by week: what honest partners look like, and what each kind of fraud changes.

Honest traffic is a nuisance on purpose. Every chance (to apply, to be a client already, to draw, the hours, the time from
click to application, the corrections in forms, the mix of people) is, on the log-odds or log scale,

    the partner's own level          partners differ (sd .35; hours .15 to .2, forms .3, classes of the mix .6)
    + its drift                      a straight line (.3 a year) and a random walk (.02 a week)
    + the week's own noise           autoregressive (.5), sd of .15 that itself differs between partners (log-sd .4)
    + campaigns                      6 % of weeks start one of 1 or 2 weeks: 1.5 to 4 times the volume, every chance moved by
                                     a heavy-tailed shock (Student's t with 4 degrees of freedom, scale .3, at most 2)
    + holidays                       later hours, fewer draw, slower forms; each partner feels them differently
    + ramp-up                        half of the partners start at 15 % of their volume, with half as much noise again

Volumes run from `smallest` to `largest` leads a week, even on the log scale. Nothing here knows what the monitor tests.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from acquire.ingest.market.calendar import busyness, days_between

Floats = NDArray[np.float64]

FEATURES = {"region": 6, "age_band": 5, "amount_band": 5}
_RHYTHM = np.array(
    [
        2.2,
        1.2,
        0.7,
        0.45,
        0.4,
        0.5,
        1.0,
        2.2,
        3.8,
        5.2,
        6.2,
        6.0,
        5.6,
        5.4,
        5.3,
        5.4,
        5.4,
        5.2,
        5.4,
        6.2,
        7.2,
        7.4,
        6.2,
        4.2,
    ]
)
_NIGHT = np.roll(np.cos(np.arange(24) / 24 * 2 * np.pi), 4)  # +1 at four in the morning


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSpec:
    """Size and roughness of the made-up traffic.

    Attributes:
        n_partners: Partners of one market.
        n_weeks: Weeks, the first starting on `starts_on`.
        starts_on: A Monday.
        smallest: Leads of the smallest partner in an ordinary week.
        largest: Leads of the largest.
        roughness: Factor on the week's own noise and on the shocks of campaigns.
        persistence: Share of a week's noise that carries over to the next.
    """

    n_partners: int = 20
    n_weeks: int = 52
    starts_on: date = date(2025, 1, 6)
    smallest: float = 20.0
    largest: float = 5_000.0
    roughness: float = 1.0
    persistence: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The chances behind the traffic, each shape (n_partners, n_weeks) or with bins after that.

    Attributes:
        spec: What was asked for.
        volume: Expected leads.
        apply: Chance that a lead applies.
        log_seconds: Centre of the log of the seconds from click to application; its spread is `LOG_SECONDS_SD`.
        hours: Chance of each local hour, 24 bins.
        missing: Mean number of optional fields left empty.
        edits: Mean number of corrections in a form.
        client: Chance to be a client already.
        approve: Chance to be approved, given an application.
        draw: Chance to draw, given an approval.
        mixes: Chance of each class of each of FEATURES.
        fraud: Share of the leads that is fraudulent, by the name of its kind.
    """

    spec: TrafficSpec
    volume: Floats
    apply: Floats
    log_seconds: Floats
    hours: Floats
    missing: Floats
    edits: Floats
    client: Floats
    approve: Floats
    draw: Floats
    mixes: tuple[Floats, ...]
    fraud: Floats
    fraud_kind: str | None = None


LOG_SECONDS_SD = 0.9


def make_traffic(spec: TrafficSpec, rng: np.random.Generator) -> Traffic:
    """Make the chances of honest partners."""
    nuisance = _Nuisance(spec, rng)
    rest = nuisance.holiday * rng.uniform(0.5, 1.5, (spec.n_partners, 1))
    sizes = np.exp(rng.uniform(np.log(spec.smallest), np.log(spec.largest), (spec.n_partners, 1)))
    hours = np.log(_RHYTHM) + nuisance.wander(0.15)[..., None] * np.sin(np.arange(24) / 24 * 2 * np.pi)
    hours = hours + (nuisance.wander(0.2) + 0.35 * rest)[..., None] * _NIGHT
    return Traffic(
        spec=spec,
        volume=sizes * nuisance.busy * np.exp(rng.normal(0, 0.15, nuisance.shape)),
        apply=_chance(np.log(0.35 / 0.65) + nuisance.wander(0.35)),
        log_seconds=np.log(240.0) + nuisance.wander(0.35) + 0.1 * rest,
        hours=_shares(hours),
        missing=np.exp(nuisance.wander(0.3)),
        edits=1.3 * np.exp(nuisance.wander(0.3)),
        client=_chance(np.log(0.06 / 0.94) + nuisance.wander(0.35)),
        approve=_chance(np.log(0.45 / 0.55) + nuisance.wander(0.35)),
        draw=_chance(np.log(0.55 / 0.45) + nuisance.wander(0.35) - 0.3 * rest),
        mixes=tuple(_mix(nuisance, n_bins) for n_bins in FEATURES.values()),
        fraud=np.zeros(nuisance.shape),
    )


def _mix(nuisance: "_Nuisance", n_bins: int) -> Floats:
    return _shares(np.stack([nuisance.wander(0.6, drift=1.5) for _ in range(n_bins)], axis=-1))


class _Nuisance:
    """What moves honest partners from week to week: drawn once per market, asked for one chance after the other."""

    def __init__(self, spec: TrafficSpec, rng: np.random.Generator) -> None:
        self.spec, self.rng = spec, rng
        self.shape = (spec.n_partners, spec.n_weeks)
        busy_days = busyness(days_between(spec.starts_on, spec.starts_on + timedelta(days=7 * spec.n_weeks - 1)))
        weekly = busy_days.reshape(spec.n_weeks, 7).mean(axis=1)
        self.holiday = np.clip(1 - weekly / np.median(weekly), 0, 1)[None, :]
        self.campaign = self._campaigns()
        ramp_weeks = rng.integers(6, 11, (spec.n_partners, 1)) * (rng.random((spec.n_partners, 1)) < 0.5)
        ramp = np.clip((np.arange(spec.n_weeks) + 1) / np.maximum(ramp_weeks, 1), 0.15, 1.0)
        boost = np.where(self.campaign > 0, rng.uniform(1.5, 4.0, self.shape), 1.0)
        self.busy = weekly[None, :] * ramp * boost
        steadiness = 0.15 * np.exp(rng.normal(0, 0.4, (spec.n_partners, 1)))
        self.noise = spec.roughness * steadiness * np.where(ramp < 1, 1.5, 1.0)

    def _campaigns(self) -> Floats:
        starts = self.rng.random(self.shape) < 0.06
        second = np.zeros(self.shape, dtype=np.bool_)
        second[:, 1:] = starts[:, :-1] & (self.rng.random((self.shape[0], self.shape[1] - 1)) < 0.5)
        return (starts | second).astype(np.float64)

    def wander(self, between: float, drift: float = 1.0) -> Floats:
        """Departure of one chance from the market's average, shape (n_partners, n_weeks)."""
        n_partners, n_weeks = self.shape
        level = self.rng.normal(0, between, (n_partners, 1))
        trend = drift * self.rng.normal(0, 0.3 / 52, (n_partners, 1)) * np.arange(n_weeks)
        walk = drift * np.cumsum(self.rng.normal(0, 0.02, self.shape), axis=1)
        shock = np.clip(self.spec.roughness * 0.3 * self.campaign * self.rng.standard_t(4, self.shape), -2, 2)
        return np.asarray(level + trend + walk + self._weekly_noise() + shock, dtype=np.float64)

    def _weekly_noise(self) -> Floats:
        carried, fresh = self.spec.persistence, np.sqrt(1 - self.spec.persistence**2)
        noise = self.rng.normal(0, 1, self.shape)
        for week in range(1, self.shape[1]):
            noise[:, week] = carried * noise[:, week - 1] + fresh * noise[:, week]
        return np.asarray(self.noise * noise, dtype=np.float64)


def _chance(log_odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-log_odds)), dtype=np.float64)


def _shares(logs: Floats) -> Floats:
    weights = np.exp(logs)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), dtype=np.float64)

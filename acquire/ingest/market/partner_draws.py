"""Draws from made-up partner traffic: the counts per week for long simulations, or the leads one by one for small ones.

Both come from the same chances, so what holds of one holds of the other. A share of the leads may be fraudulent from a
week on, in one of FRAUDS:

    fast_bots        applications about 4 seconds after the click
    scripted_delay   applications 45 seconds after the click, to the second or one beside it
    flat_hours       arrivals spread evenly over the day
    perfect_forms    no correction, no empty optional field
    copied_forms     always two corrections and one empty field
    resold_clients   people who are clients already
    undrawn          approved, and never draw
    mix_swap         people of other classes than the partner's: every feature's classes are moved on by two
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtr
from scipy.stats import poisson

from acquire.ingest.market.partner_traffic import FEATURES, LOG_SECONDS_SD, Floats, Traffic
from acquire.partner_weeks import TIME_EDGES, Mix, PartnerWeeks, Tally

FRAUDS = (
    *("fast_bots", "scripted_delay", "flat_hours", "perfect_forms", "copied_forms"),
    *("resold_clients", "undrawn", "mix_swap"),
)
DRAWN_WITHIN_DAYS = 14

_BOT_LOG_SECONDS, _BOT_SD = np.log(4.0), 0.3
_SCRIPTED_SECONDS = (44.0, 45.0, 46.0)
_MOST = 8  # corrections and empty fields are counted up to here
_COPIED = (1, 2)  # empty fields, corrections


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraud:
    """What somebody does, how much, and since when.

    Attributes:
        kind: One of FRAUDS.
        share: Share of the partner's leads, in [0, 1].
        from_week: First week, from 0.
        partners: Positions of the partners who do it.
    """

    kind: str
    share: float
    from_week: int
    partners: tuple[int, ...]


def with_fraud(traffic: Traffic, fraud: Fraud) -> Traffic:
    """The same traffic, part of it fraudulent."""
    if fraud.kind not in FRAUDS:
        raise ValueError(f"{fraud.kind} is no kind of fraud; one of {', '.join(FRAUDS)}")
    share = np.zeros_like(traffic.volume)
    share[list(fraud.partners), fraud.from_week :] = fraud.share
    return replace(traffic, fraud=share, fraud_kind=fraud.kind)


def draw_weeks(traffic: Traffic, rng: np.random.Generator) -> PartnerWeeks:
    """Draw the counts of every partner and week."""
    leads = rng.poisson(traffic.volume)
    applied = rng.binomial(leads, traffic.apply)
    approved = rng.binomial(applied, traffic.approve)
    pairs, before = np.maximum(applied - 1, 0), _forms(traffic)
    return PartnerWeeks(
        partners=_partner_names(traffic),
        mondays=tuple(traffic.spec.starts_on + timedelta(days=7 * week) for week in range(traffic.spec.n_weeks)),
        leads=leads.astype(np.float64),
        times=rng.multinomial(applied, _time_chances(traffic)).astype(np.float64),
        repeats=_tally(rng, pairs, _repeat_chance(traffic)),
        hours=rng.multinomial(leads, _hour_chances(traffic)).astype(np.float64),
        perfect=_tally(rng, applied, before[..., 0, 0]),
        alike=_tally(rng, pairs, (before**2).sum(axis=(-1, -2))),
        clients=_tally(rng, leads, traffic.client + _fraud(traffic, "resold_clients") * (1 - traffic.client)),
        undrawn=_tally(rng, approved, 1 - traffic.draw * (1 - _fraud(traffic, "undrawn"))),
        mixes=tuple(_draw_mix(traffic, number, leads, rng) for number in range(len(FEATURES))),
    )


def draw_events(traffic: Traffic, rng: np.random.Generator) -> pd.DataFrame:
    """Draw the leads one by one, in order of arrival: the table that `acquire monitor partners` reads.

    Hours are local to Asia/Shanghai (UTC + 8), instants in the table UTC. `booked` is empty where the last instant of the
    table is less than DRAWN_WITHIN_DAYS after the click, or the lead was not approved.
    """
    leads = rng.poisson(traffic.volume).ravel()
    partner, week = (np.repeat(axis.ravel(), leads) for axis in np.indices(traffic.volume.shape))
    at, is_fraud = (partner, week), rng.random(len(partner)) < traffic.fraud[partner, week]
    honest = replace(traffic, fraud=np.zeros_like(traffic.fraud), fraud_kind=None)
    hour = _classes(rng, honest.hours[at])
    hour = np.where(is_fraud & (traffic.fraud_kind == "flat_hours"), rng.integers(0, 24, len(hour)), hour)
    monday = np.datetime64(traffic.spec.starts_on, "s") - np.timedelta64(8, "h")
    clicked_at = monday + (((week * 7 + rng.integers(0, 7, len(week))) * 24 + hour) * 3600).astype("timedelta64[s]")
    clicked_at = clicked_at + rng.integers(0, 3600, len(week)).astype("timedelta64[s]")
    applied = rng.random(len(partner)) < traffic.apply[at]
    approved = applied & (rng.random(len(partner)) < traffic.approve[at])
    drew = rng.random(len(partner)) < traffic.draw[at]
    drew &= ~(is_fraud & (traffic.fraud_kind == "undrawn"))
    columns: dict[str, Any] = {
        "partner": np.array(_partner_names(traffic))[partner],
        "clicked_at": clicked_at,
        "applied_at": clicked_at + np.rint(_seconds(traffic, at, is_fraud, rng)).astype("timedelta64[s]"),
        "approved": np.where(applied, approved, np.nan),
        "booked": np.where(approved, drew, np.nan),
        "is_client": (rng.random(len(partner)) < traffic.client[at])
        | (is_fraud & (traffic.fraud_kind == "resold_clients")),
        **_form_columns(traffic, at, is_fraud, rng),
        **{feature: _mix_column(traffic, number, at, is_fraud, rng) for number, feature in enumerate(FEATURES)},
    }
    return _as_told(pd.DataFrame(columns), applied)


def _as_told(events: pd.DataFrame, applied: Any) -> pd.DataFrame:
    """What the lender's books show: nothing of forms that never came, nothing of bookings that may still come."""
    events[["clicked_at", "applied_at"]] = events[["clicked_at", "applied_at"]].apply(
        lambda at: at.dt.tz_localize("UTC")
    )
    events.loc[~applied, ["applied_at", "n_missing", "n_edits"]] = None
    is_young = events["clicked_at"] > events["clicked_at"].max() - pd.Timedelta(days=DRAWN_WITHIN_DAYS)
    events.loc[is_young, "booked"] = np.nan
    events["is_client"] = events["is_client"].astype(np.float64)
    events = events.sort_values(["clicked_at", "partner"], kind="stable").reset_index(drop=True)
    events.insert(1, "lead_id", [f"L{number:07d}" for number in range(len(events))])
    return events


def _partner_names(traffic: Traffic) -> tuple[str, ...]:
    return tuple(f"partner {number:02d}" for number in range(1, traffic.spec.n_partners + 1))


def _fraud(traffic: Traffic, kind: str) -> Floats:
    return traffic.fraud if traffic.fraud_kind == kind else np.zeros_like(traffic.fraud)


def _tally(rng: np.random.Generator, of: Any, chance: Floats) -> Tally:
    seen = rng.binomial(of, np.clip(chance, 0, 1))
    return Tally(seen=seen.astype(np.float64), of=of.astype(np.float64))


def _blend(honest: Floats, other: Floats, share: Floats) -> Floats:
    shares = share.reshape(*share.shape, *([1] * (honest.ndim - share.ndim)))
    return np.asarray((1 - shares) * honest + shares * other, dtype=np.float64)


def _time_chances(traffic: Traffic) -> Floats:
    honest = _log_normal_bins(traffic.log_seconds, LOG_SECONDS_SD)
    bots = _log_normal_bins(np.array(_BOT_LOG_SECONDS), _BOT_SD)
    scripted = np.bincount(np.searchsorted(TIME_EDGES, _SCRIPTED_SECONDS), minlength=len(TIME_EDGES) + 1) / 3
    blended = _blend(honest, bots, _fraud(traffic, "fast_bots"))
    return _blend(blended, scripted, _fraud(traffic, "scripted_delay"))


def _log_normal_bins(centre: Floats, spread: float) -> Floats:
    below = ndtr((np.log(TIME_EDGES) - centre[..., None]) / spread)
    ends = np.ones((*centre.shape, 1))
    return np.diff(np.concatenate([0 * ends, below, ends], axis=-1), axis=-1)


def _repeat_chance(traffic: Traffic) -> Floats:
    """Chance that two applications took equally many seconds: the integral of the squared density, per kind of lead."""
    honest = _collision(traffic.log_seconds, LOG_SECONDS_SD)
    bots, scripted = _fraud(traffic, "fast_bots"), _fraud(traffic, "scripted_delay")
    both = bots**2 * _collision(np.array(_BOT_LOG_SECONDS), _BOT_SD) + scripted**2 / len(_SCRIPTED_SECONDS)
    return np.asarray((1 - bots - scripted) ** 2 * honest + both, dtype=np.float64)


def _collision(centre: Floats, spread: float) -> Floats:
    return np.asarray(np.exp(spread**2 / 4 - centre) / (2 * spread * np.sqrt(np.pi)), dtype=np.float64)


def _hour_chances(traffic: Traffic) -> Floats:
    return _blend(traffic.hours, np.full(24, 1 / 24), _fraud(traffic, "flat_hours"))


def _forms(traffic: Traffic) -> Floats:
    """Chance of each pair (empty fields, corrections), shape (n_partners, n_weeks, 9, 9)."""
    honest = _counted(traffic.missing)[..., :, None] * _counted(traffic.edits)[..., None, :]
    perfect, copied = np.zeros((2, _MOST + 1, _MOST + 1))
    perfect[0, 0] = copied[_COPIED] = 1.0
    blended = _blend(honest, perfect, _fraud(traffic, "perfect_forms"))
    return _blend(blended, copied, _fraud(traffic, "copied_forms"))


def _counted(mean: Floats) -> Floats:
    chances = np.asarray(poisson.pmf(np.arange(_MOST + 1), mean[..., None]), dtype=np.float64)
    return np.asarray(chances / chances.sum(axis=-1, keepdims=True), dtype=np.float64)


def _draw_mix(traffic: Traffic, number: int, leads: Any, rng: np.random.Generator) -> Mix:
    honest = traffic.mixes[number]
    chances = _blend(honest, np.roll(honest, 2, axis=-1), _fraud(traffic, "mix_swap"))
    feature = tuple(FEATURES)[number]
    bins = tuple(f"{feature} {letter}" for letter in "ABCDEF"[: chances.shape[-1]])
    return Mix(feature=feature, bins=bins, counts=rng.multinomial(leads, chances).astype(np.float64))


def _classes(rng: np.random.Generator, chances: Floats) -> Any:
    """One class per row of `chances`, shape (n, n_classes)."""
    return (rng.random((len(chances), 1)) > np.cumsum(chances, axis=1)[:, :-1]).sum(axis=1)


def _seconds(traffic: Traffic, at: Any, is_fraud: Any, rng: np.random.Generator) -> Floats:
    n = len(is_fraud)
    seconds = np.exp(rng.normal(traffic.log_seconds[at], LOG_SECONDS_SD))
    bots = np.exp(rng.normal(_BOT_LOG_SECONDS, _BOT_SD, n))
    seconds = np.where(is_fraud & (traffic.fraud_kind == "fast_bots"), bots, seconds)
    scripted = rng.choice(_SCRIPTED_SECONDS, n)
    return np.asarray(
        np.where(is_fraud & (traffic.fraud_kind == "scripted_delay"), scripted, seconds), dtype=np.float64
    )


def _form_columns(traffic: Traffic, at: Any, is_fraud: Any, rng: np.random.Generator) -> dict[str, Floats]:
    columns = {}
    for name, mean, copied in (("n_missing", traffic.missing, _COPIED[0]), ("n_edits", traffic.edits, _COPIED[1])):
        count = np.minimum(rng.poisson(mean[at]), _MOST)
        count = np.where(is_fraud & (traffic.fraud_kind == "perfect_forms"), 0, count)
        columns[name] = np.where(is_fraud & (traffic.fraud_kind == "copied_forms"), copied, count).astype(np.float64)
    return columns


def _mix_column(traffic: Traffic, number: int, at: Any, is_fraud: Any, rng: np.random.Generator) -> Any:
    chances = traffic.mixes[number][at]
    swapped = np.where((is_fraud & (traffic.fraud_kind == "mix_swap"))[:, None], np.roll(chances, 2, axis=1), chances)
    feature = tuple(FEATURES)[number]
    return np.array([f"{feature} {letter}" for letter in "ABCDEF"])[_classes(rng, swapped)]

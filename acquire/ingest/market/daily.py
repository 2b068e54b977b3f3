"""Day-by-day results of the whole business, of which the history is the randomised part.

One row per (day, channel, offer); everything stands on the day of the contact. A row with `offer` = "control" is the
channel's holdout of that day: `control_leads` people kept back, `control_booked` of them who booked all the same. Its
other counts are 0, and the two control columns are 0 on every other row.

`matured` and `bad` count the bookings that are known by now, and `revenue` is what the matured ones brought, net of
losses: compare it with `spend` only where `matured` equals `booked`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from acquire.ingest.market.calendar import busyness, days_between
from acquire.ingest.market.outcomes import MATURES_AFTER_DAYS, SPREAD_DAYS
from acquire.ingest.market.people import draw_crowd
from acquire.ingest.market.response import LOSS_RATE, MARGIN_RATE, exposure, true_chances
from acquire.ingest.market.spec import MarketSpec
from acquire.ingest.market.terms import ARMS, CHANNEL_NAMES, SOURCES, Events, Floats, Ints, price, to_cents

HOLDOUT_SHARE = 0.05
COLUMNS = (
    *("day", "channel", "offer", "contacts", "clicked", "applied", "approved", "booked", "amount", "spend"),
    *("matured", "bad", "control_leads", "control_booked", "revenue"),
)

# Today's practice: nobody with a worse file, or a device that more people share, is contacted; and the mix of offers.
_LOWEST_SCORE = 640.0
_MOST_SHARING = 3.0
_TODAYS_MIX = np.array([0.0, 0.45, 0.3, 0.15, 0.1])
_TYPICAL_ROWS = 8_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Average chances by channel and arm under today's practice, each shape (8, 5).

    `apply`, `approve`, `draw` and `bad` are given the step before; `bad` holds at the start. `amount` is a booking's
    mean, `amount_sd` its spread.
    """

    click: Floats
    apply: Floats
    approve: Floats
    draw: Floats
    bad: Floats
    bad_a_year_later: Floats
    amount: Floats
    amount_sd: Floats

    @property
    def booked(self) -> Floats:
        """P(books)."""
        return self.click * self.apply * self.approve * self.draw


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of the result: day number, channel number, arm number and how busy the day is, each shape (n,)."""

    day: Ints
    channel: Ints
    arm: Ints
    busy: Floats


def daily_results(spec: MarketSpec, rng: np.random.Generator) -> pd.DataFrame:
    """Results of every (day, channel, offer) and of every (day, channel)'s control holdout, in COLUMNS."""
    days = days_between(spec.starts_on, spec.ends_on)
    rates, rows = _typical_rates(rng), _rows(days, spec)
    events = _draw_events(rows, rates, rng)
    known = _draw_known(rows, rates, events, len(days), rng)
    control_leads = np.where(rows.arm == 0, rng.poisson(rows.busy * HOLDOUT_SHARE), 0)
    table = pd.DataFrame(
        {
            "day": days[rows.day],
            "channel": np.array(CHANNEL_NAMES)[rows.channel],
            "offer": np.array(ARMS)[rows.arm],
            "amount": events.amount,
            "spend": to_cents(price(events, rows.channel, rows.arm)),
            "control_leads": control_leads,
            "control_booked": rng.binomial(control_leads, rates.booked[rows.channel, rows.arm]),
            "revenue": to_cents(_earned(rows, events, known)),
        }
    )
    counts = {name: getattr(events, name).astype(np.int64) for name in COLUMNS[3:8]}
    return table.assign(**counts, **known)[list(COLUMNS)]


def _rows(days: pd.DatetimeIndex, spec: MarketSpec) -> Rows:
    day, channel, arm = (axis.ravel() for axis in np.indices((len(days), len(SOURCES), len(ARMS))))
    share = np.array([s.traffic_share for s in SOURCES])[channel]
    return Rows(day=day, channel=channel, arm=arm, busy=busyness(days)[day] * share * spec.contacts_per_day)


def _draw_events(rows: Rows, rates: Rates, rng: np.random.Generator) -> Events:
    at = (rows.channel, rows.arm)
    mood = np.exp(rng.normal(0, 0.06, (rows.day.max() + 1, len(SOURCES))))  # a channel has good and bad days
    contacts = rng.poisson(rows.busy * _TODAYS_MIX[rows.arm])
    clicked = rng.binomial(contacts, np.minimum(rates.click[at] * mood[rows.day, rows.channel], 1))
    applied = rng.binomial(clicked, rates.apply[at])
    approved = rng.binomial(applied, rates.approve[at])
    booked = rng.binomial(approved, rates.draw[at])
    total = booked * rates.amount[at] + np.sqrt(booked) * rates.amount_sd[at] * rng.normal(size=len(booked))
    return Events(
        contacts=contacts.astype(float),
        clicked=clicked.astype(float),
        applied=applied.astype(float),
        approved=approved.astype(float),
        booked=booked.astype(float),
        amount=np.maximum(np.round(total, -2), 1_000.0 * booked),  # nobody books less than 1,000
    )


def _draw_known(rows: Rows, rates: Rates, events: Events, n_days: int, rng: np.random.Generator) -> dict[str, Ints]:
    """How many of each row's bookings have matured by the last day, and how many of those went bad."""
    at = (rows.channel, rows.arm)
    share = np.clip((n_days - rows.day - MATURES_AFTER_DAYS) / SPREAD_DAYS, 0, 1)
    matured = rng.binomial(events.booked.astype(np.int64), share)
    p_bad = rates.bad[at] + (rates.bad_a_year_later[at] - rates.bad[at]) * rows.day / 365
    return {"matured": matured, "bad": rng.binomial(matured, np.clip(p_bad, 0, 1))}


def _earned(rows: Rows, events: Events, known: dict[str, Ints]) -> Floats:
    """Revenue of the matured bookings at the row's mean amount, shape (n,)."""
    mean_amount = events.amount / np.maximum(events.booked, 1)
    good = known["matured"] - known["bad"]
    return mean_amount * exposure(rows.arm) * (MARGIN_RATE * good - LOSS_RATE * known["bad"])


def _typical_rates(rng: np.random.Generator) -> Rates:
    crowd = draw_crowd(_TYPICAL_ROWS, 1, rng)
    now, later = (true_chances(crowd, np.full(len(crowd.channel), years)) for years in (0.0, 1.0))
    reached = _reached_today(crowd.whole)[:, None] * np.ones(len(ARMS))
    clicked = reached * now.click
    applied = clicked * now.apply
    approved = applied * now.approve[:, None]
    booked = approved * now.draw
    amount = crowd.whole["amount"].to_numpy(dtype=np.float64)[:, None]

    def mean(figure: Floats, weight: Floats) -> Floats:
        return _per_channel(figure * weight, crowd.channel) / _per_channel(weight, crowd.channel)

    return Rates(
        click=mean(now.click, reached),
        apply=mean(now.apply, clicked),
        approve=mean(now.approve[:, None], applied),
        draw=mean(now.draw, approved),
        bad=mean(now.bad, booked),
        bad_a_year_later=mean(later.bad, booked),
        amount=mean(amount, booked),
        amount_sd=np.sqrt(mean(amount**2, booked) - mean(amount, booked) ** 2),
    )


def _reached_today(people: pd.DataFrame) -> Floats:
    fits = (people["bureau_score"] >= _LOWEST_SCORE) & (people["shared_device_count"] <= _MOST_SHARING)
    return np.asarray(fits, dtype=float)


def _per_channel(figure: Floats, channel: Ints) -> Floats:
    """Sum of each column over each channel's rows, shape (8, 5)."""
    total = np.zeros((len(SOURCES), figure.shape[1]))
    np.add.at(total, channel, figure)
    return total

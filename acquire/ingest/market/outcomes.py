"""What people did in the randomised history, and the truth about the leads."""

from dataclasses import dataclass, fields
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.ingest.market.response import LOSS_RATE, MARGIN_RATE, Chances, exposure
from acquire.ingest.market.terms import ARMS, Events, Floats, Ints, price, to_cents

Days = NDArray[np.datetime64]
Flags = NDArray[np.bool_]

CONTROL_SHARE = 0.3
MATURES_AFTER_DAYS = 150  # a booking's window closes 150 to 160 days later
SPREAD_DAYS = 11
# Early signs of a booking: the day they are known, and the share of later bad and later good bookings that show them.
_FPD1_AFTER_DAYS, _FPD1_OF_BAD, _FPD1_OF_GOOD = 60, 0.4, 0.012
_DPD30_AFTER_DAYS, _DPD30_OF_BAD, _DPD30_OF_GOOD = 105, 0.75, 0.03


@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel:
    """How far each row gets under each arm: 0/1, shape (n, 5).

    The same luck serves every arm: where an offer raises every chance, nobody is lost by it.
    """

    clicked: Floats
    applied: Floats
    approved: Floats
    booked: Floats
    bad: Floats

    def first(self, n: int) -> "Funnel":
        """The first `n` rows."""
        return Funnel(**{f.name: getattr(self, f.name)[:n] for f in fields(self)})


def draw_funnel(chances: Chances, rng: np.random.Generator) -> Funnel:
    """Draw every potential outcome. `approved` is the cut-off on one noisy score per row, whatever the offer."""
    luck = rng.random((5, len(chances.approve), 1))
    clicked = luck[0] < chances.click
    applied = clicked & (luck[1] < chances.apply)
    approved = applied & (luck[2] < chances.approve[:, None])
    booked = approved & (luck[3] < chances.draw)
    bad = booked & (luck[4] < chances.bad)
    return Funnel(
        clicked=clicked.astype(float),
        applied=applied.astype(float),
        approved=approved.astype(float),
        booked=booked.astype(float),
        bad=bad.astype(float),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Who was contacted when in the history, n rows.

    Attributes:
        seen: What the table shows of them.
        channel: Number of the row's channel in SOURCES, shape (n,).
        contacted_on: Day of the contact, and of the booking if there is one, shape (n,).
        matured: Whether a booking of that day has shown by the end of the history if it goes bad, shape (n,).
        ends_on: Last day of the history.
    """

    seen: pd.DataFrame
    channel: Ints
    contacted_on: Days
    matured: Flags
    ends_on: date


def draw_matured(contacted_on: Days, ends_on: date, rng: np.random.Generator) -> Flags:
    """Whether a booking of that day has shown by `ends_on` if it goes bad."""
    after = MATURES_AFTER_DAYS + rng.integers(0, SPREAD_DAYS, len(contacted_on))
    return np.asarray(contacted_on + after.astype("timedelta64[D]") <= np.datetime64(ends_on), dtype=bool)


def history_table(past: Past, funnel: Funnel, rng: np.random.Generator) -> pd.DataFrame:
    """The contract's history: one row per past contact or control, with what it did, brought and cost."""
    arm, propensity = _draw_arms(len(past.seen), rng)
    row = np.arange(len(past.seen))
    did = {name: getattr(funnel, name)[row, arm] for name in ("clicked", "applied", "approved", "booked")}
    booked, bad = did["booked"] == 1, funnel.bad[row, arm]
    amount = past.seen["amount"].to_numpy(dtype=np.float64)
    events = Events(contacts=(arm > 0).astype(float), **did, amount=amount * booked)
    earned = to_cents(_earned(amount * exposure(arm), bad, rng))
    # A generator of its own, so that adding a sign changes nothing else of the market.
    signs = _early_signs(past, booked, bad == 1, rng.spawn(1)[0])
    return past.seen.drop(columns=["consent", "do_not_contact"]).assign(
        offer=np.array(ARMS)[arm],
        contacted_on=past.contacted_on.astype("datetime64[us]"),
        **did,
        **signs,
        bad=np.where(booked & past.matured, bad, np.nan),
        revenue=np.where(booked, np.where(past.matured, earned, np.nan), 0.0),
        cost=to_cents(price(events, past.channel, arm)),
        propensity=propensity,
    )


def _early_signs(past: Past, booked: Flags, bad: Flags, rng: np.random.Generator) -> dict[str, Floats]:
    """First payment missed and 30 days past due, null until known. Who misses the first is nearly always 30 days late too."""
    n = len(booked)
    missed = rng.random(n) < np.where(bad, _FPD1_OF_BAD, _FPD1_OF_GOOD)
    late = (rng.random(n) < np.where(bad, _DPD30_OF_BAD, _DPD30_OF_GOOD)) | (missed & (rng.random(n) < 0.9))
    age = (np.datetime64(past.ends_on) - past.contacted_on).astype(float)
    return {
        "fpd1": np.where(booked & (age >= _FPD1_AFTER_DAYS), missed, np.nan),
        "dpd30": np.where(booked & (age >= _DPD30_AFTER_DAYS), late, np.nan),
    }


def _draw_arms(n: int, rng: np.random.Generator) -> tuple[Ints, Floats]:
    """Arm of every row, drawn with no look at who it is, and the chance it had: CONTROL_SHARE, the offers alike."""
    share = np.array([CONTROL_SHARE, *[(1 - CONTROL_SHARE) / (len(ARMS) - 1)] * (len(ARMS) - 1)])
    arm = rng.choice(len(ARMS), n, p=share).astype(np.int64)
    return arm, share[arm]


def _earned(lent: Floats, bad: Floats, rng: np.random.Generator) -> Floats:
    """Money of each booking: some repay earlier, some draw more. The luck has mean 1."""
    luck = np.exp(rng.normal(0, 0.1, len(lent)) - 0.005)
    return np.asarray(lent * luck * np.where(bad == 1, -LOSS_RATE, MARGIN_RATE), dtype=float)


def truth_table(seen: pd.DataFrame, channel: Ints, fraud: Floats, chances: Chances, funnel: Funnel) -> pd.DataFrame:
    """What nobody can know: chances, potential outcomes, expected money and true value of every row under every arm.

    value_<offer> = revenue_<offer> * p_booked_<offer> - revenue_control * p_booked_control - spend_<offer>
    """
    booked = chances.booked
    truth: dict[str, object] = {"lead_id": seen["lead_id"], "channel": seen["channel"], "fraud": fraud}
    for k, arm in enumerate(ARMS):
        truth[f"p_booked_{arm}"], truth[f"p_bad_{arm}"] = booked[:, k], chances.bad[:, k]
        truth[f"booked_{arm}"], truth[f"bad_{arm}"] = funnel.booked[:, k], funnel.bad[:, k]
        truth[f"revenue_{arm}"] = chances.revenue[:, k]
    for k, arm in list(enumerate(ARMS))[1:]:
        spend = price(expected_events(chances, seen["amount"].to_numpy(), k), channel, np.full(len(seen), k))
        extra = chances.revenue[:, k] * booked[:, k] - chances.revenue[:, 0] * booked[:, 0]
        truth[f"spend_{arm}"], truth[f"value_{arm}"] = spend, extra - spend
    return pd.DataFrame(truth)


def expected_events(chances: Chances, amount: Floats, arm: int) -> Events:
    """Expected events of contacting each row with one arm."""
    clicked = chances.click[:, arm]
    applied = clicked * chances.apply[:, arm]
    approved, booked = applied * chances.approve, chances.booked[:, arm]
    return Events(
        contacts=np.ones(len(amount)),
        clicked=clicked,
        applied=applied,
        approved=approved,
        booked=booked,
        amount=booked * amount,
    )

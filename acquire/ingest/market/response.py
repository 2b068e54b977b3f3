"""The true chances: who clicks, applies, is approved and books under each offer, and who of them goes bad.

Arms are numbered as in ARMS, control first. Three things make the market worth thinking about:

* some people are put off by being contacted (older, and satisfied former clients): their uplift is negative;
* people react to different offers (coupon: short of money; rate_cut: good files; higher_limit: small businesses);
* who books because of an offer repays worse than who comes alone, most of all after a coupon (adverse selection).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from acquire.ingest.market.people import Crowd
from acquire.ingest.market.terms import CHANNEL_NAMES, DRIFTING_CHANNEL, SOURCES, Floats, Ints

MARGIN_RATE = 0.115  # what a good booking brings, as a share of its amount
LOSS_RATE = 0.55  # what a bad booking loses, as a share of its amount
# A higher limit is drawn again later: revenue and losses are larger. A rate cut's price stands in the offers table.
_EXPOSURE = np.array([1.0, 1.0, 1.0, 1.0, 1.2])

_CUT_OFF = 585.0  # the lender's approval policy: a bureau-like score at the time of application must reach this
_SCORE_NOISE = 35.0
_DRIFT_PER_YEAR = 0.6  # log-odds of going bad that DRIFTING_CHANNEL gains in a year


@dataclass(frozen=True, slots=True, kw_only=True)
class Chances:
    """True chances of one contact per row and arm.

    Attributes:
        click: P(clicks), shape (n, 5).
        apply: P(applies | clicks), shape (n, 5).
        approve: P(is approved | applies), shape (n,): the lender's cut-off, not the offer, decides.
        draw: P(books | is approved), shape (n, 5).
        bad: P(goes bad | books), shape (n, 5).
        revenue: Expected money of one booking net of losses, before what channel and offer charge, shape (n, 5).
    """

    click: Floats
    apply: Floats
    approve: Floats
    draw: Floats
    bad: Floats
    revenue: Floats

    @property
    def booked(self) -> Floats:
        """P(books) = click * apply * approve * draw, shape (n, 5)."""
        return self.click * self.apply * self.approve[:, None] * self.draw


def true_chances(crowd: Crowd, elapsed_years: Floats) -> Chances:
    """The chances of every row, `elapsed_years` (shape (n,)) after the start of the history."""
    x, fraud = crowd.whole, crowd.fraud[:, None] == 1
    pull = _pull(x)
    eager = np.array([s.engagement for s in SOURCES])[crowd.channel] + 0.3 * (_trait(x, "engagement_score") - 2)
    known_here = 0.2 * _trait(x, "past_loan")[:, None]
    bad = np.where(fraud, 0.9, _chance(_risk(crowd, elapsed_years)[:, None] + _adverse(pull)))
    earned = (1 - bad) * MARGIN_RATE - bad * LOSS_RATE
    return Chances(
        click=np.where(fraud, 0.45, _chance(-1.5 + eager[:, None] + pull)),
        apply=np.where(fraud, 0.7, _chance(-0.35 + 0.3 * pull + known_here)),
        approve=_approve(x),
        draw=np.where(fraud, 0.95, _chance(0.9 + 0.3 * pull)),
        bad=bad,
        revenue=_trait(x, "amount")[:, None] * earned * _EXPOSURE,
    )


def _pull(x: pd.DataFrame) -> Floats:
    """Log-odds by which each arm moves a person to click, shape (n, 5); 0 for control, below 0 for who is put off."""
    short_of_money = 1.6 * (_trait(x, "utilisation") - 0.42) + 0.15 * (_trait(x, "inquiries_3m") - 1.8)
    good_file = (_trait(x, "bureau_score") - 645) / 65
    large = np.log(_trait(x, "amount") / 6_500)
    older = _chance((_trait(x, "age") - 42) / 3)
    put_off = 1.9 * older * _chance(2 * good_file) + 0.8 * _trait(x, "past_loan")
    keen = 0.15 * (_trait(x, "engagement_score") - 2)
    offers = (
        1.1 + keen - 1.5 * put_off,
        1.7 + 0.5 * short_of_money + keen - 1.2 * put_off,
        1.3 + 0.3 * good_file + 0.4 * large - 1.1 * put_off,
        0.7 + 0.5 * short_of_money + 1.6 * _trait(x, "small_business") - 1.1 * put_off,
    )
    return np.column_stack([np.zeros(len(x)), *offers])


def _adverse(pull: Floats) -> Floats:
    """Log-odds to go bad that come with an offer, shape (n, 5): more for those it moves more."""
    flat = np.array([0.0, 0.1, 0.2, 0.02, 0.15])
    return np.asarray(flat + np.array([0.0, 0.1, 0.12, 0.05, 0.15]) * np.maximum(pull, 0), dtype=float)


def _risk(crowd: Crowd, elapsed_years: Floats) -> Floats:
    """Log-odds to go bad when booking without any offer, shape (n,)."""
    x = crowd.whole
    drifting = crowd.channel == CHANNEL_NAMES.index(DRIFTING_CHANNEL)
    traffic = np.array([s.quality for s in SOURCES])[crowd.channel]
    credit = (
        -0.8 * (_trait(x, "bureau_score") - 645) / 65
        + 1.0 * (_trait(x, "utilisation") - 0.42)
        + 0.12 * (np.minimum(_trait(x, "inquiries_3m"), 8) - 1.8)
        + 0.45 * (_trait(x, "past_dpd_days") >= 30)
        + 0.2 * (_trait(x, "past_dpd_days") > 0)
        - 0.45 * _trait(x, "past_loan")
        + 0.35 * _trait(x, "no_file")
    )
    person = (
        -0.3 * np.log(_trait(x, "monthly_income") / 7_700)
        - 0.004 * (np.minimum(_trait(x, "tenure_months"), 120) - 33)
        + 0.5 * (_trait(x, "age") < 24)
        - 0.025 * (np.minimum(_trait(x, "age"), 60) - 37)
        + 1.2 * (_trait(x, "night_activity_share") - 0.25)
        + 0.2 * _trait(x, "small_business")
        + 0.15 * (x["region"] == "far").to_numpy(dtype=float)
    )
    return np.asarray(-1.95 + credit + person - 0.3 * traffic + _DRIFT_PER_YEAR * elapsed_years * drifting, dtype=float)


def _approve(x: pd.DataFrame) -> Floats:
    """P(score at application >= cut-off). The score is the file's (590 where there is none), less arrears, plus noise.

    The noise is logistic with standard deviation _SCORE_NOISE: the score of the day is not the one seen before.
    """
    file_score = np.where(_trait(x, "no_file") == 1, 590.0, _trait(x, "bureau_score"))
    score = file_score - 0.6 * np.minimum(_trait(x, "past_dpd_days"), 60)
    return _chance((score - _CUT_OFF) / (_SCORE_NOISE * np.sqrt(3) / np.pi))


def _trait(x: pd.DataFrame, name: str) -> Floats:
    return x[name].to_numpy(dtype=np.float64)


def _chance(log_odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-log_odds))


def exposure(arm: Ints) -> Floats:
    """How much is lent over time per unit of the booked amount, by arm, shape (n,)."""
    return np.asarray(_EXPOSURE[arm], dtype=float)

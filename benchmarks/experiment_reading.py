"""Do the intervals of `acquire experiment read` hold, and what is the holdout's reading worth beside simpler ones?

    python benchmarks/experiment_reading.py [--reseeds 400] [--leads 20000]

Made-up markets whose truth is known. The most promising half of the leads would be contacted with the coupon; the plan's own
holdout keeps people back; whoever is left is contacted. Each reseed draws the holdout and what people do anew. Three readings of
the same rows:

    acquire    by channel, with what was predicted beforehand taken off (CUPED)
    plain      by channel, without
    textbook   all contacts against all controls, Wald's interval; cost = spend over the ends of the interval

Printed: how often the 90 % interval holds the truth; its width; how often a cost per extra booking is given, how often its
interval then holds, and how often it holds if a cost that is not given counts as "no end" (which is what Fieller's set says).
"""

import argparse
import math
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.allocate.holdout import keep_back
from acquire.domain import Estimate
from acquire.ingest.market import Market, MarketSpec, make_market
from acquire.statistics.normal import Z_90
from acquire.uplift.reading import read_trial
from acquire.uplift.trial import Trial

Floats = NDArray[np.float64]

OFFER = "coupon"
# (leads of traffic, share kept back)
CASES = ((500, 0.05), (2_000, 0.05), (2_000, 0.2), (8_000, 0.05), (20_000, 0.05), (20_000, 0.1))
_MODEL_NOISE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """The leads that would be contacted: what is true of them and what a model made of it."""

    leads: pd.DataFrame
    p_control: Floats
    p_offer: Floats
    predicted: Floats
    promise: Floats
    cost: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One experiment with its truth: the mean effect on the contacted, and their expected spend per extra booking."""

    trial: Trial
    effect: float
    cost: float


def main() -> None:
    """Print a line per case and reading."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reseeds", type=int, default=400)
    parser.add_argument("--leads", type=int, default=20_000, help="largest traffic; cases above it are left out")
    arguments = parser.parse_args()
    spec = MarketSpec(n_history=1_000, n_leads=arguments.leads, ends_on=date(2025, 12, 31))
    market = make_market(spec, np.random.default_rng(7))
    print(f"{arguments.reseeds} reseeds each; 90 % intervals")
    print("leads   control  reading   holds  half width  cost given  holds if given  holds or no end")
    for n_leads, share in CASES:
        if n_leads <= arguments.leads:
            show(measure(traffic_of(market, n_leads), share, arguments.reseeds), n_leads, share)


def show(lines: pd.DataFrame, n_leads: int, share: float) -> None:
    """Print what one case came to."""
    for reading, rows in lines.groupby("reading", sort=False):
        given = rows[rows["given"]]
        if_given = given["cost_holds"].mean() if len(given) else math.nan
        print(
            f"{n_leads:>6,}  {share:>6.0%}  {reading:<9} {rows['holds'].mean():>5.1%}  {100 * rows['half'].mean():>6.2f} pts"
            f"  {rows['given'].mean():>9.0%}  {if_given:>14.1%}  {(rows['cost_holds'] | ~rows['given']).mean():>14.1%}"
        )


def traffic_of(market: Market, n_leads: int) -> Traffic:
    """The most promising half of the first `n_leads` leads, as a model with some noise sees them."""
    rng = np.random.default_rng(1)
    leads, truth = market.leads.iloc[:n_leads], market.truth.iloc[:n_leads]
    p_control, p_offer = (truth[f"p_booked_{arm}"].to_numpy() for arm in ("control", OFFER))
    promise = (p_offer - p_control) * np.exp(rng.normal(0, _MODEL_NOISE, n_leads))
    rows = np.flatnonzero(promise >= np.median(promise))
    return Traffic(
        leads=leads.iloc[rows].reset_index(drop=True),
        p_control=p_control[rows],
        p_offer=p_offer[rows],
        predicted=p_control[rows] * np.exp(rng.normal(0, _MODEL_NOISE, len(rows))),
        promise=promise[rows],
        cost=truth[f"spend_{OFFER}"].to_numpy()[rows],
    )


def measure(traffic: Traffic, control_share: float, reseeds: int) -> pd.DataFrame:
    """One line per reseed and reading: whether the intervals of effect and cost hold the truth, and how wide they are."""
    lines = []
    for seed in range(reseeds):
        drawn = draw(traffic, control_share, np.random.default_rng([seed, len(traffic.leads)]))
        total = read_trial(drawn.trial, offers_by_lot=False).total
        plain_trial = Trial(
            **{name: getattr(drawn.trial, name) for name in Trial.__slots__ if name != "before"},
            before=np.zeros((len(drawn.trial), 0)),
        )
        plain = read_trial(plain_trial, offers_by_lot=False).total
        readings = {
            "acquire": (total.difference, total.incremental_cac),
            "plain": (plain.difference, plain.incremental_cac),
            "textbook": textbook(drawn.trial),
        }
        lines += [{"reading": name, **judge(drawn, *reading)} for name, reading in readings.items()]
    return pd.DataFrame(lines)


def draw(traffic: Traffic, control_share: float, rng: np.random.Generator) -> Drawn:
    """Draw the holdout, what people do and what it costs."""
    n = len(traffic.leads)
    every = np.ones(n, dtype=np.bool_)
    is_control = keep_back(traffic.leads, every, control_share, int(rng.integers(2**32)))
    booked = (rng.random(n) < np.where(is_control, traffic.p_control, traffic.p_offer)).astype(float)
    # A third is charged per contact, the rest per booking.
    per_booking = 2 / 3 * traffic.cost / np.maximum(traffic.p_offer, 1e-9)
    names = tuple(sorted(traffic.leads["channel"].unique()))
    contacted = ~is_control
    extra = (traffic.p_offer - traffic.p_control)[contacted]
    return Drawn(
        trial=Trial(
            channels=names,
            offers=(OFFER,),
            channel=pd.Index(names).get_indexer(pd.Index(traffic.leads["channel"])).astype(np.int64),
            arm=contacted.astype(np.int64),
            booked=booked,
            before=traffic.predicted[:, None],
            cost=np.where(is_control, 0.0, traffic.cost / 3 + booked * per_booking),
            person=traffic.leads["person_id"].astype("category").cat.codes.to_numpy(dtype=np.int64),
        ),
        effect=float(extra.mean()),
        cost=float(traffic.cost[contacted].sum() / extra.sum()),
    )


def textbook(trial: Trial) -> tuple[Estimate, Estimate]:
    """All contacts against all controls."""
    contacted = trial.arm > 0
    p, q = trial.booked[contacted].mean(), trial.booked[~contacted].mean()
    half = Z_90 * math.sqrt(p * (1 - p) / contacted.sum() + q * (1 - q) / (~contacted).sum())
    difference = Estimate(expected=p - q, low=p - q - half, high=p - q + half)
    if difference.low <= 0:
        return difference, Estimate(expected=math.nan)
    per_contact = trial.cost[contacted].mean()
    cost = Estimate(
        expected=per_contact / (p - q), low=per_contact / difference.high, high=per_contact / difference.low
    )
    return difference, cost


def judge(drawn: Drawn, difference: Estimate, cost: Estimate) -> dict[str, object]:
    """Hold one reading against the truth."""
    return {
        "holds": difference.low <= drawn.effect <= difference.high,
        "half": (difference.high - difference.low) / 2,
        "given": not math.isnan(cost.expected),
        "cost_holds": bool(cost.low <= drawn.cost <= cost.high),
    }


if __name__ == "__main__":
    main()

"""The made-up market with a history in which the sales desk, not chance, decided who was given what; its truth is still known."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.ingest.market import Market

ARMS = ("control", "contact", "coupon", "rate_cut", "higher_limit")
NEVER_CONTACTED_FROM_AGE = 50
PLAN = """\
currency = "CNY"
seed = 7

[data]
history = "history.parquet"
leads = "leads.parquet"
channels = "channels.csv"
offers = "offers.csv"

[columns]
protected = ["gender"]

[limits]
budget = {budget}
"""
_WHO = [
    "lead_id", "channel", "person_id", "region", "amount", "age", "gender", "employment", "monthly_income", "tenure_months",
    "bureau_score", "utilisation", "inquiries_3m", "engagement_score", "past_loan", "small_business", "contacted_on",
]  # fmt: skip
_PRICES_OF_EVENTS = ["cost_per_click", "cost_per_applied", "cost_per_approved"]


def desk_chances(seen: pd.DataFrame) -> NDArray[np.float64]:
    """The desk writes to those short of money, gives coupons to low files and rate cuts to good ones, and from the age of 50
    writes to nobody; chance of every arm, shape (n, 5).
    """
    file = np.nan_to_num((seen["bureau_score"].to_numpy(float) - 645) / 65)
    short = np.nan_to_num(4 * (seen["utilisation"].to_numpy(float) - 0.42))
    wish = np.column_stack([0.7 - 0.5 * short, 0 * file, -0.6 * file + 0.3 * short, 0.6 * file, 0 * file])
    wish[seen["age"].to_numpy(float) >= NEVER_CONTACTED_FROM_AGE, 1:] = -np.inf
    odds = np.exp(wish)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def confounded_history(market: Market, rng: np.random.Generator) -> pd.DataFrame:
    """The same people, given what the desk chose; everybody books as the truth says under that arm. No label of what went bad."""
    history, truth = market.history, market.history_truth
    chances = desk_chances(history)
    arm = (rng.random(len(history))[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(max=len(ARMS) - 1)
    booked = truth[[f"booked_{name}" for name in ARMS]].to_numpy()[np.arange(len(history)), arm]
    return history[_WHO].assign(offer=np.array(ARMS)[arm], booked=booked)


def write_confounded_market(folder: Path, market: Market, rng: np.random.Generator) -> Path:
    """Write what the lender would have; gives the plan file. The goal is accounts, since nothing is known of revenue."""
    folder.mkdir(parents=True)
    confounded_history(market, rng).to_parquet(folder / "history.parquet", index=False)
    market.leads.to_parquet(folder / "leads.parquet", index=False)
    channels = market.channels.drop(columns=_PRICES_OF_EVENTS)
    channels.to_csv(folder / "channels.csv", index=False)
    market.offers.to_csv(folder / "offers.csv", index=False)
    plan_file = folder / "plan.toml"
    plan_file.write_text(PLAN.format(budget=2 * len(market.leads)), encoding="utf-8")
    return plan_file

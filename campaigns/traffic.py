"""Leads that stand for others: weights of their own, and forecasts of how many will come.

A plan for leads that do not exist yet is made on leads of the past: within each channel they stand for the volume that is
expected, each for as many arrivals as its weight says.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.errors import BadInput

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


def stands_for_others(leads: pd.DataFrame) -> bool:
    """Whether any row stands for more or less than one arrival."""
    return "weight" in leads and bool((leads["weight"] != 1).any())


def expected(leads: pd.DataFrame) -> Flags:
    """Which leads stand for anybody at all, shape (n,)."""
    if "weight" not in leads:
        return np.ones(len(leads), dtype=np.bool_)
    return (leads["weight"] > 0).to_numpy(dtype=np.bool_)


def check_traffic(leads: pd.DataFrame, traffic: pd.DataFrame) -> None:
    """Raise BadInput where the forecast says nothing about leads that there are."""
    lacking = sorted(set(leads["channel"]) - set(traffic["channel"]))
    if lacking:
        raise BadInput(
            f"traffic has no week of channel {lacking[0]}, of which there are leads; add it, with volume 0 if none will come"
        )
    if not traffic["volume"].sum() > 0:
        raise BadInput("traffic expects no leads in any channel; give volumes above 0")


def expected_weights(leads: pd.DataFrame, traffic: pd.DataFrame, column: str = "volume") -> Floats:
    """How many arrivals each lead stands for, shape (n,): in each channel they add up to its forecast over all weeks.

        weight = own weight * forecast of the channel / own weights of the channel

    Args:
        leads: All accepted leads; with `weight` they keep their proportions.
        traffic: `channel`, `week` and the forecast.
        column: Which forecast: `volume`, `low` or `high`.
    """
    own = leads["weight"] if "weight" in leads else pd.Series(1.0, index=leads.index)
    forecast = leads["channel"].map(traffic.groupby("channel")[column].sum()).fillna(0.0)
    weights: Floats = (own * forecast / own.groupby(leads["channel"]).transform("sum")).to_numpy(np.float64)
    return weights


def nobody_stands_for(leads: pd.DataFrame, traffic: pd.DataFrame) -> tuple[str, ...]:
    """A warning for each channel that expects leads but has none to plan them by."""
    expected = traffic.groupby("channel")["volume"].sum()
    lacking = sorted(set(expected[expected > 0].index) - set(leads["channel"]))
    return tuple(
        f"traffic expects {expected[channel]:,.0f} leads of channel {channel}, but no lead stands for them: it is not planned"
        for channel in lacking
    )

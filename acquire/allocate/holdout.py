"""The control holdout: people kept back at random, so that what the plan adds can be measured afterwards."""

import numpy as np
import pandas as pd

from acquire.allocate.options import Flags, Floats


def keep_back(
    leads: pd.DataFrame, promise: Floats, eligible: Flags, control_share: float, rng: np.random.Generator
) -> Flags:
    """Choose the people that may only serve as controls, before anybody is chosen for a contact.

    Within each channel, people are ranked by what they promise and cut into blocks of 1 / control_share; one of each block, drawn
    at random, is kept back. So everybody has the same chance, and whatever part of the ranking a plan contacts, the same share of
    it was kept back. All leads of a person share the fate of the person's most promising lead.

    Args:
        leads: The Leads frame.
        promise: Best gain over the offers, shape (n,); orders people, need not be exact.
        eligible: Leads that may be contacted, shape (n,).
        control_share: Fraction to keep back, in [0, 1).
        rng: Draws the one of each block.

    Returns:
        Whether each lead is kept back, shape (n,).
    """
    kept = np.zeros(len(leads), dtype=np.bool_)
    if control_share <= 0:
        return kept
    person = leads["person_id"].fillna("lead " + leads["lead_id"]) if "person_id" in leads else leads["lead_id"]
    order = np.argsort(-promise, kind="stable")
    ranked = pd.DataFrame({"person": person.to_numpy(), "channel": leads["channel"].to_numpy()}).iloc[order]
    first = ranked[eligible[order]].drop_duplicates("person")
    for _, members in first.groupby("channel", sort=True):
        kept[members.index[_one_of_each_block(len(members), control_share, rng)]] = True
    return person.isin(person[kept]).to_numpy() & eligible


def _one_of_each_block(n: int, share: float, rng: np.random.Generator) -> Flags:
    """Mark positions at which the running total of `share`, from a random start, passes a whole number; shuffled in blocks.

    Every position is marked with the chance `share` exactly, whether or not 1 / share is a whole number.
    """
    total = np.floor(np.arange(n + 1) * share + rng.random())
    block = np.floor(np.arange(n) * share)
    chosen = np.zeros(n, dtype=np.bool_)
    chosen[np.lexsort((rng.random(n), block))] = total[1:] > total[:-1]
    return chosen

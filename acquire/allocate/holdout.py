"""The control holdout: people kept back at random, so that what plans add can be measured afterwards.

Whether somebody is kept back is a fixed property of the person: the same in every plan of a seed, in every channel, and on every
machine. So a control of this month is not contacted next month, and what it does stays what happens without the campaign.
"""

import hashlib

import numpy as np
import pandas as pd

from acquire.allocate.options import Flags, Floats

_BYTES = 8


def keep_back(leads: pd.DataFrame, eligible: Flags, control_share: float, seed: int) -> Flags:
    """Choose the people that may only serve as controls, before anybody is chosen for a contact.

        kept back  <=>  lot(person) < control_share,   lot uniform on [0, 1) and given by seed and person alone

    So everybody has the same chance, whatever they promise; who is kept back at a share is kept back at every larger one; and a
    person is kept back in every channel or in none.

    Args:
        leads: The Leads frame. A lead without person_id is a person of its own, known by its lead_id.
        eligible: Leads that may be contacted, shape (n,).
        control_share: Fraction to keep back, in [0, 1).
        seed: Of the plan. Another seed draws other people.

    Returns:
        Whether each lead is kept back, shape (n,).
    """
    kept = np.zeros(len(leads), dtype=np.bool_)
    if control_share <= 0:
        return kept
    kept[eligible] = _lots(_people(leads[eligible]), seed) < control_share
    return kept


def _people(leads: pd.DataFrame) -> "pd.Series[str]":
    own = "lead " + leads["lead_id"].astype("str")
    if "person_id" not in leads:
        return own
    return ("person " + leads["person_id"].astype("str")).where(leads["person_id"].notna(), own)


def _lots(people: "pd.Series[str]", seed: int) -> Floats:
    """Give each person's number in [0, 1): the keyed BLAKE2b of the name over 2^64, shape (n,)."""
    codes, names = pd.factorize(people)
    key = str(seed).encode()
    numbers = b"".join(hashlib.blake2b(name.encode(), digest_size=_BYTES, key=key).digest() for name in names)
    # The upper 53 bits, as many as a float holds: all of them could round up to 1.
    lots: Floats = (np.frombuffer(numbers, dtype=">u8") >> 11) / 2.0**53
    return lots[codes]

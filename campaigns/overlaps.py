"""Where history cannot tell what an offer changes: which leads that concerns, and what the plan says about it."""

import dataclasses

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.allocate.table import allowed_offers
from acquire.domain import Channel, Offer
from acquire.ingest.tables import Tables
from acquire.scored import Scored
from acquire.uplift.balance import OfferOverlap
from acquire.uplift.overlap import report_overlap
from acquire.uplift.propensity import Assignment
from campaigns.choice import Market

Flags = NDArray[np.bool_]

NO_OVERLAP = "NO_OVERLAP"
STILL_APART = 0.1  # a standardised difference below this is taken for balance (Austin 2009)
_CHANCE = 3  # and what chance alone brings up to three standard errors, since the worst of many features is shown


def lacks_overlap(
    leads: pd.DataFrame, scored: Scored, channels: tuple[Channel, ...], offers: tuple[Offer, ...]
) -> Flags:
    """Leads for which offers may be used in their channel, and history can tell of none of these what it changes, shape (n,)."""
    names = [channel.channel for channel in channels]
    channel = pd.Categorical(leads["channel"], categories=names).codes
    may = allowed_offers(channels, offers)[channel] & (channel >= 0)[:, None]
    lacking: Flags = may.any(axis=1) & ~(may & scored.ranked).any(axis=1)
    return lacking


def gather_overlap(tables: Tables, assignment: Assignment, market: Market) -> tuple[OfferOverlap, ...]:
    """Report per offer how comparable history's rows are, and how many leads are not ranked for it."""
    not_ranked = (~market.scored.ranked).sum(axis=0).tolist()
    return tuple(
        dataclasses.replace(line, leads_not_ranked=n)
        for line, n in zip(report_overlap(tables.history, tables.features, assignment), not_ranked, strict=True)
    )


def overlap_warnings(
    overlap: tuple[OfferOverlap, ...], decisions: pd.DataFrame, *, n_leads: int, randomised: bool
) -> tuple[str, ...]:
    """Say how many leads are not ranked, and where the weights leave an offer and control apart.

    Args:
        overlap: The report per offer.
        decisions: What was decided.
        n_leads: Leads that were scored.
        randomised: Whether chance alone decided who got what in history; then only leads that are not ranked are worth a word.
    """
    held = int((decisions["reason"] == NO_OVERLAP).sum())
    counts = ", ".join(f"{line.leads_not_ranked:,} for {line.offer}" for line in overlap if line.leads_not_ranked)
    lines = []
    if held:
        lines.append(
            f"{held:,} leads are not ranked and not contacted (NO_OVERLAP): people like them always or never got the offers "
            "that may be used there, so history cannot tell what an offer changes; a small pilot among them would"
        )
    if counts:
        lines.append(
            f"where history gave next to nobody an offer, or control, it is not ranked: of {n_leads:,} leads {counts}"
        )
    apart = () if randomised else tuple(_apart_words(line) for line in overlap)
    return (*lines, *(words for words in apart if words))


def _apart_words(line: OfferOverlap) -> str:
    worst = line.worst_after
    if worst is None or worst.after <= max(STILL_APART, _CHANCE * line.chance_difference):
        return ""
    return (
        f"{line.offer}: after weighting, rows with it and controls are still {worst.after:.2f} standard deviations apart in "
        f"{worst.feature}; its effects may be biased"
    )

"""Are contacted and controls still those whom the lot drew? Asked before any effect is believed.

Where outcomes are missing more often in one arm, or the arms are not of the size that was declared, something other than the
lot has sorted people, and no arithmetic afterwards can tell that from an effect.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from acquire.uplift.trial import Flags, Ints

ALARM_BELOW = 0.001
ALL = "all"

Shares = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioLine:
    """One comparison of sizes.

    Attributes:
        name: "all", or a channel.
        contacts, controls: Whom the lot drew.
        known_contacts, known_controls: Of them, those with an outcome.
        declared_share: Share of control that was declared; NaN where none was.
        p_value: Chance that the lot alone makes sizes that differ by as much.
    """

    name: str
    contacts: int
    controls: int
    known_contacts: int
    known_controls: int
    declared_share: float
    p_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RatioCheck:
    """All comparisons. `p_value` is the smallest, times their number (Bonferroni); `sound` = it is not below one in 1,000."""

    lines: tuple[RatioLine, ...]
    p_value: float

    @property
    def sound(self) -> bool:
        """Whether the reading may be believed."""
        return self.p_value >= ALARM_BELOW

    @property
    def worst(self) -> RatioLine:
        """The line that differs most."""
        return min(self.lines, key=lambda line: line.p_value)


def check_sample_ratio(
    channels: Sequence[str],
    channel: Ints,
    is_control: Flags,
    is_known: Flags,
    declared_share: Mapping[str, float] | None = None,
) -> RatioCheck:
    """Compare, over all and by channel, how many of contacted and of controls have an outcome.

    Fisher's exact test of outcome known / not known by arm; where a share of control was declared, also the exact binomial test
    of the controls with an outcome against it.

    Args:
        channels: Names.
        channel: Number of the row's channel, shape (n,); rows are everybody the lot drew.
        is_control, is_known: Whether the lot made the row a control; whether its outcome is known; shape (n,).
        declared_share: Share of control by channel.

    References:
        Fabijan, A. et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments", KDD. Fisher, R. A. (1934),
        Statistical Methods for Research Workers, 5th ed., section 21.02.
    """
    declared = {} if declared_share is None else dict(declared_share)
    every = np.ones(len(channel), dtype=np.bool_)
    lines = [_line(ALL, every, is_control, is_known, _overall(declared, channels, channel))]
    for number, name in enumerate(channels):
        rows = channel == number
        if rows.any():
            lines.append(_line(name, rows, is_control, is_known, declared.get(name, math.nan)))
    # A single channel says the same twice.
    lines = lines if len(lines) > 2 else lines[:1]
    return RatioCheck(lines=tuple(lines), p_value=min(1.0, len(lines) * min(line.p_value for line in lines)))


def _overall(declared: Mapping[str, float], channels: Sequence[str], channel: Ints) -> float:
    """The declared share over all, where it is declared for every channel that has rows."""
    shares = np.array([declared.get(name, math.nan) for name in channels])
    return float(shares[channel].mean()) if len(channel) else math.nan


def _line(name: str, rows: Flags, is_control: Flags, is_known: Flags, declared: float) -> RatioLine:
    controls, contacts = rows & is_control, rows & ~is_control
    n_controls, n_contacts = int(controls.sum()), int(contacts.sum())
    known_controls, known_contacts = int((controls & is_known).sum()), int((contacts & is_known).sum())
    table = np.array([[known_controls, n_controls - known_controls], [known_contacts, n_contacts - known_contacts]])
    p_values = [float(stats.fisher_exact(table).pvalue)]
    if math.isfinite(declared) and known_controls + known_contacts > 0:
        p_values.append(float(stats.binomtest(known_controls, known_controls + known_contacts, declared).pvalue))
    return RatioLine(
        name=name,
        contacts=n_contacts,
        controls=n_controls,
        known_contacts=known_contacts,
        known_controls=known_controls,
        declared_share=declared,
        p_value=min(1.0, len(p_values) * min(p_values)),
    )

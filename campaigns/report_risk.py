"""The risk part of report and dashboard: which figures and tables are shown, in which words."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from acquire.domain import Estimate
from campaigns.report_words import (
    HALF_WIDTH,
    Row,
    WordTable,
    say_count,
    say_decimals,
    say_factor,
    say_known_to,
    say_percent,
)
from campaigns.risk_document import EVERY, QUARTERS, ChannelTrend, DistanceQuarter, EarlyToLate, RiskEvidence

SIGNS = {"fpd1": "first payment missed", "dpd30": "30 days past due"}

_NO_SIGNS = "History has no early sign of bookings (first payment missed, 30 days past due): only final labels count."
_IN_PART = (
    "A channel with few bookings is pulled towards all channels. In part: bookings without a final label, which count by what "
    "is seen of them."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFigure:
    """One figure of quality in words; `between` is empty where the interval is not known."""

    name: str
    words: str
    between: str = ""


def risk_figures(risk: RiskEvidence) -> tuple[RiskFigure, ...]:
    """List the figures of quality with their 90 % intervals."""
    figures: tuple[tuple[str, str, Callable[[float], str]], ...] = (
        ("AUC", "auc", say_decimals),
        ("KS", "ks", say_decimals),
        ("Brier score", "brier", say_decimals),
        ("Log loss", "log_loss", say_decimals),
        ("Calibration error", "ece", say_percent),
    )
    return (
        RiskFigure(name="Bookings tested", words=say_count(risk.n)),
        RiskFigure(name="of these bad", words=say_count(risk.n_bad)),
        *(
            RiskFigure(
                name=name, words=say(getattr(risk, key)), between=_between(getattr(risk.intervals, key, None), say)
            )
            for name, key, say in figures
        ),
    )


def _between(estimate: Estimate | None, say: Callable[[float], str]) -> str:
    if estimate is None or not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return ""
    return f"{say(estimate.low)} to {say(estimate.high)}"


def say_calibration(risk: RiskEvidence) -> str:
    """Say how chances are calibrated and what that saves on rows held out; empty where it is not known."""
    calibration = risk.calibration
    if calibration is None:
        return ""
    if not math.isfinite(calibration.gain) or calibration.method == "none":
        return f"Calibration: {calibration.words}."
    verb = "saves" if calibration.gain >= 0 else "costs"
    return f"Calibration: {calibration.words}. It {verb} {abs(calibration.gain):.4f} nats of log loss per booking held out."


def say_challenger(risk: RiskEvidence) -> str:
    """Say how the challenger compares; where it was promoted, that it ranks already. Empty where nothing was compared."""
    compared = risk.challenger
    if compared is None:
        return ""
    if risk.champion != compared.challenger_kind:
        return compared.verdict()
    found = "better" if compared.is_better else "worse" if compared.is_worse else "not different"
    return (
        f"The {compared.challenger_kind} ranks these leads because a person promoted it. Beside the {compared.champion_kind}, "
        f"on the same {say_count(compared.n)} held-out bookings, it is {found} beyond chance: its AUC differs "
        f"by {compared.auc.expected:+.4f} ({compared.auc.low:+.4f} to {compared.auc.high:+.4f})."
    )


def early_table(lines: Sequence[EarlyToLate]) -> WordTable:
    """What early signs tell, per channel: how many of the bad and of the good showed one, and how many with it went bad."""
    signs = [sign.sign for sign in lines[0].signs] if lines else []
    return WordTable(
        groups=(("", 4), *((_sign(sign), 3) for sign in signs)) if signs else (),
        heads=("Channel", "Matured", "In part", "Bad rate", *(("of the bad", "of the good", "then bad") * len(signs))),
        rows=tuple((*_channel_counts(one), *_shares(one)) for one in lines),
    )


def short_early_table(lines: Sequence[EarlyToLate]) -> WordTable:
    """The same with what counts most for each sign: how many of those who showed it went bad."""
    signs = [sign.sign for sign in lines[0].signs] if lines else []
    return WordTable(
        heads=("Channel", "Matured", "In part", "Bad rate", *(f"Bad after {SIGNS.get(s, s)}" for s in signs)),
        rows=tuple((*_channel_counts(one), *(say_percent(s.bad_after) for s in one.signs)) for one in lines),
    )


def _sign(sign: str) -> str:
    words = SIGNS.get(sign, sign)
    return words[0].upper() + words[1:]


def _channel_counts(one: EarlyToLate) -> Row:
    name = "all channels" if one.channel == EVERY else one.channel
    return name, say_count(one.matured), say_count(one.partly), say_percent(one.bad_rate)


def _shares(one: EarlyToLate) -> Row:
    return tuple(say_percent(share) for sign in one.signs for share in (sign.of_bad, sign.of_good, sign.bad_after))


def say_early(lines: Sequence[EarlyToLate]) -> str:
    """Say what `early_table` shows, or why it shows little."""
    if not any(one.signs for one in lines):
        return _NO_SIGNS
    shown = "How many of those who went bad, and of those who stayed good, showed an early sign"
    return f"{shown}; how many of all with the sign then went bad. {_IN_PART}"


def say_short_early(lines: Sequence[EarlyToLate]) -> str:
    """Say what `short_early_table` shows, or why it shows little."""
    if not any(one.signs for one in lines):
        return _NO_SIGNS
    return f"How many of the bookings that showed an early sign then went bad. {_IN_PART}"


def distance_table(lines: Sequence[DistanceQuarter]) -> WordTable:
    """Quarters of the leads by their distance from the labelled bookings."""
    return WordTable(
        heads=("Quarter of the leads", "Bookings seen there", "Chance to go bad", "Known to", "Distance", "Leads"),
        rows=tuple(
            (
                QUARTERS.get(one.quarter, str(one.quarter)),
                say_count(one.bookings),
                say_percent(one.p_bad),
                say_known_to(one.sd),
                say_decimals(one.distance),
                say_count(one.leads),
            )
            for one in lines
        ),
    )


def say_distance(lines: Sequence[DistanceQuarter]) -> str:
    """Say how far out the farthest quarter of the leads lies, and how well its chance to go bad is known."""
    if not lines:
        return ""
    near, far = lines[0], lines[-1]
    return (
        f"Only people who booked have a label. A quarter of the leads lies farther out than the others, where "
        f"{say_count(far.bookings)} of {say_count(sum(one.bookings for one in lines))} labelled bookings were seen: their chance "
        f"to go bad is known to {say_known_to(far.sd)}, that of the nearest quarter to {say_known_to(near.sd)}."
    )


def trend_table(lines: Sequence[ChannelTrend]) -> WordTable:
    """How the odds to go bad move from year to year, and what of it is carried on to today."""
    return WordTable(
        heads=("Channel", "Odds to go bad a year later, times", "90 % interval", "Applied today, times"),
        rows=tuple(
            (
                "not seen before" if one.channel == EVERY else one.channel,
                say_factor(one.trend),
                f"{say_factor(one.trend - HALF_WIDTH * one.sd)} to {say_factor(one.trend + HALF_WIDTH * one.sd)}",
                say_factor(one.shift_now),
            )
            for one in lines
        ),
    )


def say_trends(lines: Sequence[ChannelTrend]) -> str:
    """Say whether any channel's trend is told from chance."""
    if not lines:
        return "History has no dates, so it cannot be seen whether bad rates move with time."
    clear = [one.channel for one in lines if one.channel != EVERY and abs(one.trend) > HALF_WIDTH * one.sd]
    told = (
        f"It can be told from chance in {', '.join(clear)}." if clear else "In no channel can it be told from chance."
    )
    return f"The trend of each channel: one for the worse is carried on to today, one for the better is not. {told}"


def say_unseen(risk: RiskEvidence) -> str:
    """Say how many leads hold a category that history never held; empty where none does."""
    held = ", ".join(f"{say_count(one.leads)} of {one.variable} ({say_percent(one.share)})" for one in risk.unseen)
    return f"Leads with a category that history never held: {held}." if held else ""

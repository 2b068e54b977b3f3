"""Partner fraud: an alarm per partner, week and kind, with the evidence for it.

    counts per partner and week      acquire.partner_weeks, counted in partner_counts.py
    -> shares to watch               partner_signals.py   six kinds of fraud
    -> what is ordinary              partner_reference.py own past, other partners, how much weeks differ
    -> this week beside it           partner_weekly.py    and partner_mix.py for shapes
    -> evidence                      partner_evidence.py  bets that add up over weeks
    -> alarms                        this file

At most 1 % of honest partners shall get any alarm within a year: half of that is left to the bets (proved, where the limits
hold), half to honest partners unlike all others; both are split over all tests. Whether the limits hold well enough is what
benchmarks/partner_fraud.py measures. Nothing here is random.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
from scipy.special import expit

from acquire.monitor.partner_evidence import alarm_level, chance_in_a_year
from acquire.monitor.partner_signals import Kind, read_mixes, read_signals
from acquire.monitor.partner_weekly import Judged, Test, judge_weeks, list_tests
from acquire.partner_weeks import Floats, PartnerWeeks

FALSE_ALARMS_PER_YEAR = 0.01
_SAME_EPISODE_WEEKS = 4
_N_GROUPS = 2 * len(Kind) - 1  # each kind against own past and others; a mix has only the own past

ACTIONS = {
    Kind.CLICK_TO_APPLY: "Hold payment of leads not yet matured; ask for click logs with instants and devices",
    Kind.FLAT_HOURS: "Hold payment of leads not yet matured; ask for click logs with instants and devices",
    Kind.PERFECT_FORMS: "Hold payment of leads not yet matured; call back a sample of the applicants",
    Kind.RESOLD_CLIENTS: "Do not pay for leads who were clients before the click; tell the partner which ids are not wanted",
    Kind.UNDRAWN: "Pay for drawn accounts, not for approvals, until explained; call back a sample of the approved",
    Kind.MIX_SWAP: "Ask which sources were added; plan this partner on its latest weeks, not on its ramp-up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """One partner's traffic is no longer what it was, or not what partners bring.

    Attributes:
        partner: Name.
        week: Monday of the week in which the evidence sufficed.
        until: Monday of the latest week in which it still does.
        since: Monday from which the evidence is strongest: about when it began.
        kind: The kind of fraud it looks like.
        against: "its own past" or "the other partners".
        e_value: The evidence; the alarm is at `alarm_level`.
        p_value: At most this share of honest partners shows as much within a year, in any test.
        expected: Share that was expected.
        ordinary_up_to: Share up to which the week would have been ordinary.
        seen: Share that was seen from `since` to `week`.
        n_seen: Leads that show it.
        n: Out of how many.
        what: What is counted, to be read after "31 % of the".
    """

    partner: str
    week: date
    until: date
    since: date
    kind: Kind
    against: str
    e_value: float
    p_value: float
    expected: float
    ordinary_up_to: float
    seen: float
    n_seen: int
    n: int
    what: str

    @property
    def sentence(self) -> str:
        """The evidence in words."""
        return (
            f"{_percent(self.seen)} of {self.n:,} {self.what} since {self.since}; {self.against} "
            f"{'say' if self.against.endswith('s') else 'says'} {_percent(self.expected)}, "
            f"and up to {_percent(self.ordinary_up_to)} would be ordinary"
        )

    @property
    def action(self) -> str:
        """What to do."""
        return ACTIONS[self.kind]


def find_alarms(weeks: PartnerWeeks) -> tuple[Alarm, ...]:
    """Every alarm, in order of week, partner and kind.

    An alarm that is silent for at most 4 weeks and comes back is the same alarm.

    Args:
        weeks: Counts of all partners: the others are what one is compared with.
    """
    tests = list_tests(weeks)
    level = alarm_level(_N_GROUPS, FALSE_ALARMS_PER_YEAR / 2)
    found: dict[tuple[Kind, int], list[Alarm]] = {}
    for judged in judge_weeks(weeks, FALSE_ALARMS_PER_YEAR / 2):
        evidence = judged.ledger.evidence
        for kind in Kind:
            strengths = _group_strengths(tests, kind, evidence)
            for partner in np.flatnonzero(_strongest(strengths) >= level):
                test = _leading_test(tests, kind, strengths, evidence, int(partner))
                e_value = float(_strongest(strengths)[partner])
                alarm = _describe(weeks, judged, tests, test, int(partner), e_value)
                _enter(found.setdefault((kind, int(partner)), []), alarm)
    return tuple(sorted((a for many in found.values() for a in many), key=lambda a: (a.week, a.partner, a.kind)))


def _group_strengths(tests: tuple[Test, ...], kind: Kind, evidence: Floats) -> dict[str, Floats]:
    """Mean evidence of one kind's tests against the own past, and against the others: the mean of bets is a bet."""
    against = {test.against for test in tests if test.kind == kind}
    return {a: evidence[[t.kind == kind and t.against == a for t in tests]].mean(axis=0) for a in sorted(against)}


def _strongest(strengths: dict[str, Floats]) -> Floats:
    return np.max(list(strengths.values()), axis=0) if strengths else np.zeros(0)


def _leading_test(
    tests: tuple[Test, ...], kind: Kind, strengths: dict[str, Floats], evidence: Floats, partner: int
) -> int:
    against = max(strengths, key=lambda name: strengths[name][partner])
    members = [row for row, test in enumerate(tests) if test.kind == kind and test.against == against]
    return max(members, key=lambda row: evidence[row, partner])


def _enter(episodes: list[Alarm], alarm: Alarm) -> None:
    if episodes and alarm.week - episodes[-1].until <= timedelta(weeks=_SAME_EPISODE_WEEKS + 1):
        episodes[-1] = replace(episodes[-1], until=alarm.week)
    else:
        episodes.append(alarm)


def _describe(
    weeks: PartnerWeeks, judged: Judged, tests: tuple[Test, ...], row: int, partner: int, e_value: float
) -> Alarm:
    start = judged.week - int(judged.ledger.strongest_start[row, partner])
    seen, of, what = _what_was_seen(weeks, judged, tests[row], partner, start)
    return Alarm(
        partner=weeks.partners[partner],
        week=weeks.mondays[judged.week],
        until=weeks.mondays[judged.week],
        since=weeks.mondays[start],
        kind=tests[row].kind,
        against=tests[row].against,
        e_value=e_value,
        p_value=chance_in_a_year(e_value, _N_GROUPS),
        expected=float(expit(judged.expected[row, partner])),
        ordinary_up_to=float(expit(judged.limit[row, partner])),
        seen=seen / of,
        n_seen=round(seen),
        n=round(of),
        what=what,
    )


def _what_was_seen(
    weeks: PartnerWeeks, judged: Judged, test: Test, partner: int, start: int
) -> tuple[float, float, str]:
    span = slice(start, judged.week + 1)
    if test.signal is not None:
        signal = read_signals(weeks)[test.signal]
        return float(signal.tally.seen[partner, span].sum()), float(signal.tally.of[partner, span].sum()), signal.words
    assert test.mix is not None  # noqa: S101 - a test is about a share or a histogram
    mix, grown = read_mixes(weeks)[test.mix][1], judged.grown[test.mix]
    counts = mix.counts[partner, span]
    inside = grown.classes[partner]
    names = _join_names(name for name, is_in in zip(mix.bins, inside, strict=True) if is_in)
    words = f"applications took {names}" if test.kind == Kind.CLICK_TO_APPLY else f"leads have {mix.feature} {names}"
    return float(counts[:, inside].sum()), float(counts.sum()), words


def _join_names(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} or {last}" if first else last


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"

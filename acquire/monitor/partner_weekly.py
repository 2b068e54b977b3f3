"""One week of all partners, held against the weeks before: every share with its limit, and the evidence that it is beyond.

Tests stand in this order, each for every partner: shares against the own past, grown classes of each histogram against the
own past, shares against the other partners.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit, logit

from acquire.monitor.partner_evidence import Ledger, empty_ledger, enter_week, log_bets
from acquire.monitor.partner_mix import Grown, read_grown
from acquire.monitor.partner_others import look_at
from acquire.monitor.partner_reference import (
    Level,
    Peers,
    Sums,
    common_move,
    compare_peers,
    own_level,
    peers_level,
    quantile_of_own,
    quantile_of_peers,
    read_calendar,
    sum_past,
)
from acquire.monitor.partner_roughness import Roughness, Spread, no_roughness
from acquire.monitor.partner_signals import Kind, read_mixes, read_signals
from acquire.partner_weeks import Floats, PartnerWeeks

OWN_PAST, OTHER_PARTNERS = "its own past", "the other partners"

# The least departure that matters: in log-odds (.4 turns 10 % into 14 %; shapes wander more than single chances do) and,
# for rare signs, in the share itself.
MATERIAL = 0.2
MATERIAL_SHAPE = {Kind.MIX_SWAP: 0.5, Kind.CLICK_TO_APPLY: 1.0}
MATERIAL_SHARE = 0.03

# How often the limit from a partner's own past may lie below its true level. Not split over tests: a limit that is a little
# low raises no alarm by itself, the bets must still win week after week.
_LOW_OWN_LIMITS = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What one row of the arrays of `Judged` is about.

    Attributes:
        kind: The kind of fraud.
        against: OWN_PAST or OTHER_PARTNERS.
        signal: Position among the shares; None for a histogram.
        mix: Position among the histograms; None for a share.
    """

    kind: Kind
    against: str
    signal: int | None = None
    mix: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One week. Arrays are (n_tests, n_partners).

    Attributes:
        week: Its number, from 0.
        expected: Log-odds.
        limit: Log-odds up to which a share is ordinary; NaN where unknown.
        ledger: The evidence after this week.
        grown: One per histogram.
    """

    week: int
    expected: Floats
    limit: Floats
    ledger: Ledger
    grown: tuple[Grown, ...]


def list_tests(weeks: PartnerWeeks) -> tuple[Test, ...]:
    """The tests that `weeks` has the counts for, in the order of the arrays."""
    signals, mixes = read_signals(weeks), read_mixes(weeks)
    own = [Test(kind=signal.kind, against=OWN_PAST, signal=number) for number, signal in enumerate(signals)]
    shapes = [Test(kind=kind, against=OWN_PAST, mix=number) for number, (kind, _) in enumerate(mixes)]
    peers = [Test(kind=signal.kind, against=OTHER_PARTNERS, signal=number) for number, signal in enumerate(signals)]
    return (*own, *shapes, *peers)


def judge_weeks(weeks: PartnerWeeks, odd_partners: float) -> Iterator[Judged]:
    """Judge week after week, each by the weeks before it only.

    Args:
        weeks: The counts.
        odd_partners: Share of honest partners whose true level may lie beyond what the other partners make ordinary, in
            any of the tests.
    """
    watched = _read_watched(weeks, odd_partners)
    n_own, n_shares, n_partners = len(watched.material), len(watched.seen), len(weeks.partners)
    rough, ledger = no_roughness(n_own, n_partners), empty_ledger(n_own + n_shares, n_partners)
    for week in range(weeks.leads.shape[1]):
        own = _hold_against_own_past(watched, week, rough)
        others = _hold_against_others(watched, own)
        bets = [log_bets(held.seen, held.of, held.limit, held.spread.passing) for held in (own, others)]
        ledger = enter_week(ledger, np.concatenate(bets, axis=1))
        yield Judged(
            week=week,
            expected=np.vstack([own.level.log_odds, others.level.log_odds]),
            limit=np.vstack([own.limit, others.limit]),
            ledger=ledger,
            grown=own.grown,
        )
        rough = rough.learn(own.seen, own.of, own.level)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Watched:
    """What is watched, all weeks: shares (n_shares, n_partners, n_weeks) and histograms (n_partners, n_weeks, n_bins).

    `material` is (n_shares + n_histograms, 1), `odd` the chance of an odd partner left to one share.
    """

    seen: Floats
    of: Floats
    histograms: tuple[Floats, ...]
    first_week: Floats
    material: Floats
    odd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """One week's shares, and what they are held against, each (n_tests, n_partners)."""

    seen: Floats
    of: Floats
    level: Level
    limit: Floats
    spread: Spread
    excused: Floats
    peers: Peers
    grown: tuple[Grown, ...]


def _read_watched(weeks: PartnerWeeks, odd_partners: float) -> _Watched:
    signals, mixes = read_signals(weeks), read_mixes(weeks)
    shape = (len(signals), *weeks.leads.shape)
    material = [MATERIAL] * len(signals) + [MATERIAL_SHAPE[kind] for kind, _ in mixes]
    return _Watched(
        seen=np.array([signal.tally.seen for signal in signals]).reshape(shape),
        of=np.array([signal.tally.of for signal in signals]).reshape(shape),
        histograms=tuple(mix.counts for _, mix in mixes),
        first_week=np.argmax(weeks.leads > 0, axis=1).astype(np.float64),
        material=np.array(material)[:, None],
        odd=odd_partners / max(len(signals), 1),
    )


def _hold_against_own_past(watched: _Watched, week: int, rough: Roughness) -> _Held:
    calendar = read_calendar(watched.first_week, week)
    grown = tuple(read_grown(counts, week, calendar) for counts in watched.histograms)
    shares = sum_past(watched.seen[..., :week], watched.of[..., :week], calendar.past)
    peers, spread = compare_peers(shares), rough.spread()
    past = _join([shares, *(one.past for one in grown)])
    level = own_level(past, _with_unknown(peers, len(grown)), np.hypot(spread.persistent, spread.passing))
    level = Level(log_odds=np.where(calendar.has_past, level.log_odds, np.nan), error=level.error)
    seen, of = watched.seen[..., week], watched.of[..., week]
    moved = np.broadcast_to(_moved(seen, of, level.log_odds[: len(seen)]), seen.shape)
    excused = np.vstack([moved, *(one.moved[None] for one in grown)])
    reach = quantile_of_own(_LOW_OWN_LIMITS) * np.hypot(level.error, spread.persistent)
    return _Held(
        seen=np.vstack([seen, *(one.seen[None] for one in grown)]),
        of=np.vstack([of, *(one.of[None] for one in grown)]),
        level=level,
        limit=_add_material(level.log_odds + reach + excused, watched.material),
        spread=spread,
        excused=excused,
        peers=peers,
        grown=grown,
    )


def _hold_against_others(watched: _Watched, own: _Held) -> _Held:
    """The shares of the same week against the other partners; histograms are not compared between partners."""
    n = len(watched.seen)
    spread = Spread(persistent=own.spread.persistent[:n], passing=own.spread.passing[:n])
    level, excused = peers_level(own.peers), own.excused[:n]
    # The spread between partners holds already what stays for weeks at each of them.
    reach = quantile_of_peers(own.peers, watched.odd) * level.error
    limit = _add_material(level.log_odds + reach + excused, watched.material[:n])
    return replace(own, seen=own.seen[:n], of=own.of[:n], level=level, limit=limit, spread=spread, excused=excused)


def _join(parts: list[Sums]) -> Sums:
    return Sums(
        seen=np.vstack([part.seen for part in parts]),
        of=np.vstack([part.of for part in parts]),
        of_w2=np.vstack([part.of_w2 for part in parts]),
        of2_w2=np.vstack([part.of2_w2 for part in parts]),
    )


def _with_unknown(peers: Peers, n_more: int) -> Peers:
    """`peers` with rows below for histograms, whose partners' classes cannot be compared."""
    unknown = np.full((n_more, peers.n.shape[1]), np.nan)
    return Peers(
        log_odds=np.vstack([peers.log_odds, unknown]),
        spread=np.vstack([peers.spread, unknown]),
        n=np.vstack([peers.n, np.zeros_like(unknown)]),
    )


def _moved(seen: Floats, of: Floats, own: Floats) -> Floats:
    """Common move of each share this week, shape (n_signals, 1)."""
    p = expit(np.nan_to_num(own))
    informative = np.isfinite(own) & (of * p * (1 - p) >= 2)
    departures = np.where(informative, logit((seen + 0.5) / (of + 1)) - own, np.nan)
    everybody = look_at(departures, np.arange(len(departures)), np.full(len(departures), -1))
    return common_move(everybody)[:, None]


def _add_material(log_odds: Floats, material: Floats) -> Floats:
    """The limit: whichever is further of `material` log-odds and MATERIAL_SHARE beyond `log_odds`."""
    further = np.minimum(expit(log_odds) + MATERIAL_SHARE, 1 - 1e-6)
    return np.asarray(np.maximum(log_odds + material, logit(further)), dtype=np.float64)

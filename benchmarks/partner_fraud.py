"""Partner fraud: false alarms per partner and year, and how soon each kind of fraud is found, beside rules of three sigma.

    python benchmarks/partner_fraud.py

Made-up traffic of acquire/ingest/market/partner_traffic.py (its docstring states the nuisance), in markets of 20 partners over
two years. Settings were chosen on other seeds; this one was run once, with everything frozen. The peer in the same run is
what is often done by hand: alarm when a week's share lies more than 3 standard deviations of the partner's own weeks above
their mean, or when the population stability index of a feature against the partner's first 4 weeks is over .25. Since that
alarms nearly everybody, its limits are also widened, kind by kind, until each kind alarms 1/6 % of the honest partner-years
of the first line.
"""

from collections.abc import Iterator

import numpy as np
from scipy.stats import beta

from acquire.ingest.market.partner_draws import FRAUDS, Fraud, draw_weeks, with_fraud
from acquire.ingest.market.partner_traffic import Floats, Traffic, TrafficSpec, make_traffic
from acquire.monitor.partner_fraud import find_alarms
from acquire.monitor.partner_signals import Kind, read_signals
from acquire.partner_weeks import PartnerWeeks

SEED = 884_213
STARTS_IN_WEEK, WITHIN_WEEKS = 40, 12
SHARES = (0.1, 0.3, 0.6, 1.0)
SIZES = {"under 150": (0, 150), "150 to 1,000": (150, 1_000), "over 1,000": (1_000, np.inf)}
KIND_OF = {
    "fast_bots": Kind.CLICK_TO_APPLY,
    "scripted_delay": Kind.CLICK_TO_APPLY,
    "flat_hours": Kind.FLAT_HOURS,
    "perfect_forms": Kind.PERFECT_FORMS,
    "copied_forms": Kind.PERFECT_FORMS,
    "resold_clients": Kind.RESOLD_CLIENTS,
    "undrawn": Kind.UNDRAWN,
    "mix_swap": Kind.MIX_SWAP,
}
Raised = set[tuple[int, int, Kind]]  # partner, week, kind


def ours(weeks: PartnerWeeks) -> Raised:
    """Alarms of the monitor."""
    return {(weeks.partners.index(a.partner), weeks.mondays.index(a.week), a.kind) for a in find_alarms(weeks)}


def strain(weeks: PartnerWeeks) -> dict[Kind, Floats]:
    """How near the rules of thumb are to an alarm (1 = alarm), shape (n_partners, n_weeks) for each kind."""
    highest: dict[Kind, Floats] = {kind: np.zeros_like(weeks.leads) for kind in Kind}
    for signal in read_signals(weeks):
        share = signal.tally.seen / np.where(signal.tally.of > 0, signal.tally.of, np.nan)
        highest[signal.kind] = np.maximum(highest[signal.kind], _sigmas(share) / 3)
    for mix in weeks.mixes:
        highest[Kind.MIX_SWAP] = np.maximum(highest[Kind.MIX_SWAP], _stability_index(mix.counts) / 0.25)
    return highest


def rule_of_thumb(weeks: PartnerWeeks, factors: dict[Kind, float]) -> Raised:
    """Alarms of the rules of thumb, the limits of each kind widened by its factor."""
    return {
        (int(partner), int(week), kind)
        for kind, strains in strain(weeks).items()
        for partner, week in zip(*np.nonzero(strains > factors[kind]), strict=True)
    }


def _sigmas(share: Floats) -> Floats:
    """Standard deviations above the mean of the partner's own weeks before, of which there are at least 8."""
    known = np.isfinite(share)
    value = np.where(known, share, 0.0)
    n = np.cumsum(known, axis=1) - known
    mean = (np.cumsum(value, axis=1) - value) / np.maximum(n, 1)
    squares = (np.cumsum(value**2, axis=1) - value**2) / np.maximum(n, 1)
    sd = np.sqrt(np.maximum(squares - mean**2, 0) * n / np.maximum(n - 1, 1))
    ready = known & (n >= 8) & (sd > 0)
    return np.asarray(np.where(ready, (value - mean) / np.where(ready, sd, 1.0), 0.0))


def _stability_index(counts: Floats) -> Floats:
    def smooth(c: Floats) -> Floats:
        return np.asarray((c + 0.5) / (c + 0.5).sum(axis=-1, keepdims=True))

    first, now = smooth(counts[:, :4].sum(axis=1))[:, None], smooth(counts)
    index = ((now - first) * np.log(now / first)).sum(axis=-1)
    index[:, :4] = 0.0
    return np.asarray(index)


def honest_markets(n_markets: int, **terms: float) -> Iterator[PartnerWeeks]:
    """Two years of honest traffic, one market after the other."""
    for number in range(n_markets):
        rng = np.random.default_rng([SEED, number])
        spec = TrafficSpec(n_weeks=104, **terms)  # type: ignore[arg-type]
        yield draw_weeks(make_traffic(spec, rng), rng)


def print_false_alarms(words: str, n_markets: int, **terms: float) -> dict[Kind, float]:
    """One line: share of partner-years with any alarm, and its exact 95 % interval.

    Returns:
        For each kind the factor that widens the rules of thumb so far that 1/6 % of these partner-years alarm.
    """
    found = 0
    strains: dict[Kind, list[Floats]] = {kind: [] for kind in Kind}
    for weeks in honest_markets(n_markets, **terms):
        found += len({(partner, week // 52) for partner, week, _ in ours(weeks)})
        for kind, strained in strain(weeks).items():
            strains[kind].append(strained.reshape(len(weeks.partners), 2, 52).max(axis=2).ravel())
    greatest = {kind: np.concatenate(parts) for kind, parts in strains.items()}
    highest = np.max(list(greatest.values()), axis=0)
    years = len(highest)
    low = beta.ppf(0.025, found, years - found + 1) if found else 0.0
    high = beta.ppf(0.975, found + 1, years - found)
    print(
        f"{words:45s} {years:6d} {found:6d} {found / years:8.2%}  [{low:.2%}, {high:.2%}] {(highest > 1).mean():10.1%}",
        flush=True,
    )
    return {kind: float(np.quantile(strained, 1 - 0.01 / len(Kind))) for kind, strained in greatest.items()}


def fraudulent_markets(
    kind: str, share: float, n_markets: int, from_week: int
) -> Iterator[tuple[Traffic, PartnerWeeks]]:
    """A year in which partners 1 and 2 of 20 commit one fraud from a week on."""
    for number in range(n_markets):
        rng = np.random.default_rng([SEED, 1_000 + number])
        traffic = make_traffic(TrafficSpec(), rng)
        fraud = Fraud(kind=kind, share=share, from_week=from_week, partners=(0, 1))
        traffic = with_fraud(traffic, fraud)
        yield traffic, draw_weeks(traffic, rng)


def weeks_until_found(raised: Raised, partner: int, kind: Kind, from_week: int) -> float:
    """Weeks of fraud until the alarm, 1 for the first; infinite if none comes within WITHIN_WEEKS."""
    weeks = [
        week - from_week + 1 for who, week, what in raised if who == partner and what == kind and week >= from_week
    ]
    return min((week for week in weeks if week <= WITHIN_WEEKS), default=np.inf)


def print_power(
    kind: str, share: float, factors: dict[Kind, float], n_markets: int, from_week: int = STARTS_IN_WEEK
) -> None:
    """One line: share found and median weeks, by size of the partner."""
    found: dict[str, list[tuple[float, float]]] = {size: [] for size in SIZES}
    for traffic, weeks in fraudulent_markets(kind, share, n_markets, from_week):
        mine, theirs = ours(weeks), rule_of_thumb(weeks, factors)
        for partner in (0, 1):
            leads = float(np.median(traffic.volume[partner]))
            size = next(name for name, (low, high) in SIZES.items() if low <= leads < high)
            pair = (weeks_until_found(who, partner, KIND_OF[kind], from_week) for who in (mine, theirs))
            found[size].append((next(pair), next(pair)))
    cells = [_cell(np.array(found[size])) for size in SIZES]
    print(f"{kind:16s} {share:5.0%} " + " ".join(cells), flush=True)


def _cell(times: Floats) -> str:
    if not len(times):
        return f"{'-':>26s}"
    is_found = np.isfinite(times)
    rates = is_found.mean(axis=0)
    median = np.median(times[is_found[:, 0], 0]) if is_found[:, 0].any() else np.nan
    shown = f"{median:6.1f}" if np.isfinite(median) else f"{'-':>6s}"
    return f"{rates[0]:9.0%} {shown} {rates[1]:9.0%}"


def main() -> None:
    """Print the tables."""
    print(f"{'honest partners':45s} {'years':>6s} {'false':>6s} {'share':>8s}  95 % interval {'3 sigma':>12s}")
    factors = print_false_alarms("as described", 60)
    print_false_alarms("half as rough again", 20, roughness=1.5)
    print_false_alarms("twice as rough", 20, roughness=2.0)
    print_false_alarms("twice as rough, .8 carried over to next week", 20, roughness=2.0, persistence=0.8)
    print_false_alarms("markets of 4 partners", 100, n_partners=4)
    print_false_alarms("partners alone", 200, n_partners=1)
    widened = ", ".join(f"{kind} {factor:.1f}" for kind, factor in factors.items())
    print(f"\nThe rules of thumb alarm 1 % of honest partner-years when widened by these factors: {widened}")
    print(
        f"Found within {WITHIN_WEEKS} weeks of the start in week {STARTS_IN_WEEK}; median weeks; found by the widened rules"
    )
    print(f"{'fraud':16s} {'share':>5s} " + " ".join(f"{size + ' leads a week':>26s}" for size in SIZES))
    for kind in FRAUDS:
        for share in SHARES:
            print_power(kind, share, factors, 20)
    print("\nFraud from the first day, found within the first 12 weeks")
    for kind in FRAUDS:
        for share in (0.6, 1.0):
            print_power(kind, share, factors, 20, from_week=0)


if __name__ == "__main__":
    main()

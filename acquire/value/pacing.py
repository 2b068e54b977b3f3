"""How a channel's money is best spread over the coming weeks, and what a total of so much then brings.

With s_w the spend of week w, and everything relative to spending nothing in those weeks:

    added(s) = sum over weeks of booked(adstock with s) - booked(adstock without s)

What is spent now is still felt after the last week; then the channel is taken to go on at its usual spend. `added` is concave
where the curves are, so money goes, one small step after the other, to the week in which the next step brings most; the steps
taken so far are then the best spread of every smaller total as well, and the concave pieces of the total are read off on the way.

References:
    Fox (1966), "Discrete Optimization Via Marginal Analysis", Management Science 13(3).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from acquire.domain import Estimate
from acquire.value.adstock import n_weeks_felt, saturate, slope
from acquire.value.response import ResponseCurve, interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

N_STEPS: Final = 240
N_PIECES: Final = 12
N_DRAWS: Final = 100  # enough for a mean; intervals use all
LONGEST_TAIL: Final = 26  # weeks


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What a channel's total spend over the coming weeks brings, best spread, as concave straight pieces.

    Attributes:
        channel: Its name.
        width: Money of each piece, shape (K,).
        per_money: Bookings per unit of money in each piece, never rising, shape (K,).
        usual: What the usual weekly spend adds up to over these weeks, in money.
        seen: Total up to which weekly spend stays within what history has seen.
    """

    channel: str
    width: Floats
    per_money: Floats
    usual: float
    seen: float

    def booked(self, spend: float) -> float:
        """Give extra bookings of a total, in money; beyond the last piece nothing more."""
        ends = np.r_[0.0, np.cumsum(self.width)]
        return float(np.interp(spend, ends, np.r_[0.0, np.cumsum(self.width * self.per_money)]))


class Horizon:
    """The coming weeks of one channel, for some of its curve's draws.

    Attributes:
        curve: The draws in use.
        n_weeks: Weeks that money can be spent in.
    """

    def __init__(self, curve: ResponseCurve, n_weeks: int, n_draws: int = N_DRAWS) -> None:
        every = max(1, len(curve.carry) // n_draws)
        self.curve, self.n_weeks = _thinned(curve, every), n_weeks
        tail = min(LONGEST_TAIL, n_weeks_felt(float(self.curve.carry.max())))
        self._later = np.r_[np.zeros(n_weeks), np.full(tail, curve.usual)]
        self._without = self._booked(np.zeros(n_weeks))

    def added(self, spend: Floats) -> Floats:
        """Give extra bookings of weekly spend, shape (n_weeks,), for every draw: shape (D,)."""
        return self._booked(spend) - self._without

    def marginal(self, spend: Floats) -> Floats:
        """Give the mean extra bookings per unit of money in each week, shape (n_weeks,)."""
        stock = self._stock(spend)
        gain = self.curve.most * slope(stock, self.curve.half, self.curve.form)
        felt = np.zeros(gain.shape[1])
        each = np.empty(len(stock))
        for w in range(len(stock) - 1, -1, -1):
            felt = gain[w] + self.curve.carry * felt
            each[w] = ((1 - self.curve.carry) * felt).mean()
        return each[: self.n_weeks]

    def _stock(self, spend: Floats) -> Floats:
        money = self._later.copy()
        money[: self.n_weeks] = spend
        stock, stocks = self.curve.stock, np.empty((len(money), len(self.curve.carry)))
        for w, s in enumerate(money.tolist()):
            stock = (1 - self.curve.carry) * s + self.curve.carry * stock
            stocks[w] = stock
        return stocks

    def _booked(self, spend: Floats) -> Floats:
        curve = self.curve
        total: Floats = (curve.most * saturate(self._stock(spend), curve.half, curve.form)).sum(axis=0)
        return total


def spread_spend(curve: ResponseCurve, total: float, most_per_week: Floats) -> Floats:
    """Spread `total` over the coming weeks for the most extra bookings, shape (n_weeks,), in money.

    Args:
        curve: The channel's curve.
        total: Money; at most what the weeks can take.
        most_per_week: What each week can take, inf = anything, shape (n_weeks,).
    """
    horizon = Horizon(curve, len(most_per_week))
    path, _ = _climb(horizon, min(total, float(most_per_week.sum())), most_per_week)
    best: Floats = path[-1]
    return best


def concave_pieces(curve: ResponseCurve, n_weeks: int, most: float, most_per_week: Floats | None = None) -> Pieces:
    """Read off what every total up to `most` brings, as at most twelve pieces whose slopes never rise.

    Args:
        curve: The channel's curve.
        n_weeks: The coming weeks.
        most: The highest total of interest, in money.
        most_per_week: What each week can take, shape (n_weeks,); None = anything.
    """
    room = np.full(n_weeks, np.inf) if most_per_week is None else most_per_week
    horizon = Horizon(curve, n_weeks)
    path, spent = _climb(horizon, min(most, float(room.sum())), room)
    booked = np.array([horizon.added(spend).mean() for spend in path[:: N_STEPS // (4 * N_PIECES)]])
    width, gain = _concave(spent[:: N_STEPS // (4 * N_PIECES)], booked)
    return Pieces(
        channel=curve.channel,
        width=width,
        per_money=gain / width,
        usual=curve.usual * n_weeks,
        seen=float(np.median(curve.seen)) * n_weeks,
    )


def lost_shares(pieces: Pieces) -> tuple[tuple[float, float], ...]:
    """Give where spend beyond the usual begins to bring less, and how much less of what it brings on average up to there.

        lost = 1 - (bookings per money of the piece) / (bookings per money up to the usual spend)

    Returns:
        (total spend from which it holds, share lost), both rising; the first at the usual spend.
    """
    usual = pieces.booked(pieces.usual) / pieces.usual if pieces.usual > 0 else 0.0
    if usual <= 0:
        return ()
    ends = np.cumsum(pieces.width)
    beyond = ends > pieces.usual * (1 + 1e-9)
    begins = np.maximum(ends - pieces.width, pieces.usual)[beyond]
    lost = np.maximum.accumulate(np.clip(1 - pieces.per_money[beyond] / usual, 0.0, 1.0))
    return tuple(zip(begins.tolist(), lost.tolist(), strict=True))


def paced_booked(curve: ResponseCurve, spend: Floats) -> Estimate:
    """Give extra bookings of weekly spend, shape (n_weeks,), with their 90 % interval."""
    return interval(Horizon(curve, len(spend), len(curve.carry)).added(spend))


def _climb(horizon: Horizon, total: float, room: Floats) -> tuple[Floats, Floats]:
    """Spend in equal steps, each where it brings most: the spread after each step, (n_steps + 1, n_weeks), and its total."""
    step = total / N_STEPS
    spend = np.zeros(horizon.n_weeks)
    path = [spend]
    for _ in range(N_STEPS):
        left = step
        while left > 1e-9 * step:
            gain = np.where(room - spend > 1e-9 * step, horizon.marginal(spend), -np.inf)
            week = int(gain.argmax())
            paid = min(left, float(room[week] - spend[week]))
            if paid <= 0:
                break
            spend = spend.copy()
            spend[week] += paid
            left -= paid
        path.append(spend)
    return np.array(path), np.linspace(0.0, total, N_STEPS + 1)


def _concave(spent: Floats, booked: Floats) -> tuple[Floats, Floats]:
    """The least concave curve above the points, thinned to a few pieces: width and gain of each."""
    hull = [0]
    for i in range(1, len(spent)):
        while len(hull) > 1 and _rises(spent, booked, hull[-2], hull[-1], i):
            hull.pop()
        hull.append(i)
    at = np.array(hull)
    kept = at[np.unique(np.linspace(0, len(at) - 1, N_PIECES + 1).round().astype(int))]
    return np.diff(spent[kept]), np.diff(booked[kept])


def _rises(spent: Floats, booked: Floats, a: int, b: int, c: int) -> bool:
    first = (booked[b] - booked[a]) * (spent[c] - spent[b])
    second = (booked[c] - booked[b]) * (spent[b] - spent[a])
    return bool(second >= first)


def _thinned(curve: ResponseCurve, every: int) -> ResponseCurve:
    return ResponseCurve(
        channel=curve.channel,
        carry=curve.carry[::every],
        half=curve.half[::every],
        form=curve.form[::every],
        most=curve.most[::every],
        stock=curve.stock[::every],
        usual=curve.usual,
        seen=curve.seen[::every],
        n_weeks=curve.n_weeks,
    )

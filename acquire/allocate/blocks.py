"""Channels as blocks: the relaxed plan of any setting of the switches from a small live model of whole plans of channels.

At given prices of the limits, the best plan of a channel on its own is read off: everybody's best option, where it gains
anything. A mix of such plans, at most as much of it as the channel's switch is on, is what the relaxed plan does in the channel;
so one variable per plan met so far and one row per limit are a model of everything, however many people there are:

    maximise   sum over blocks b, plans k of gain_bk w_bk + sum(gain z)
    where      sum of use_bk w_bk + use of z <= limit,    sum over k of w_bk <= z_b (1 where the channel has no switch)

Its prices give new plans until none gains more than its block's price. At any prices, with v_b what block b gains at best, no
plan gains more than sum(price * limit) + sum over b of max(0, v_b + the switch's own gain): the bound, in numpy. The plans found
under one setting serve every other, so the next setting takes a few steps from where the last one ended.

People with options in several channels are a block of their own, tied to the switches by links (switches.py).

References:
    Dantzig, Wolfe (1960), Decomposition Principle for Linear Programs.
    Barnhart, Johnson, Nemhauser, Savelsbergh, Vance (1998), Branch-and-Price: Column Generation for Solving Huge Integer
    Programs.
"""

from dataclasses import dataclass

import highspy
import numpy as np

from acquire.allocate.charged import Charged, Setting
from acquire.allocate.leads import penalties_of
from acquire.allocate.links import broken_links, links_of
from acquire.allocate.options import Flags, Floats, Ints
from acquire.allocate.switches import Link, link_row
from acquire.allocate.tangents import Tangents

MAX_STEPS = 300
NOUGHT = 1e-7  # of the gain: a plan that gains no more than this on top of its block's price is not added
_FREE = highspy.kHighsInf


@dataclass(frozen=True, slots=True, kw_only=True)
class Eased:
    """The relaxed plan of a setting.

    Attributes:
        gain: Of the relaxed plan; below `bound` where the setting was given up before it was solved.
        bound: What no plan of the setting can gain.
        is_possible: Whether its limits can be met.
        on: How far each switch is on, by channel.
        worth: What each open channel gains at the prices, its fixed cost paid, by channel: how far the bound falls when it is
            off, or, where it is negative, when it is on.
        prices: Of the rows behind `bound`, by name.
    """

    gain: float
    bound: float
    is_possible: bool
    on: dict[str, float]
    worth: dict[str, float]
    prices: dict[str, float]


class BlockModel:
    """One charged problem as blocks on a live solver; `solve` asks for one setting after the other."""

    def __init__(self, charged: Charged, tangents: Tangents) -> None:
        """Write the model with no plan of any channel yet.

        Args:
            charged: The problem.
            tangents: What its rows with a confidence are made linear with; they stay as they are.
        """
        self._charged = charged
        self.tangents = tangents
        self._shared = _in_several_channels(charged)
        self.links = list(links_of(charged, charged.switched, self._shared))
        problem, _ = charged.at(Setting(), self.links)
        rows = tangents.lower(problem)
        self._problem, self._names = problem, list(rows.names)
        self._uses = rows.matrix
        self._room = rows.right_side - self._uses @ problem.held
        self._top = float(np.abs(problem.gain).max(initial=0.0)) or 1.0
        self._penalties = 10 * penalties_of(problem)[rows.owner]
        self._block_of_option, self._n_blocks = self._blocks()
        self._plans: list[tuple[int, Ints, Floats]] = []
        self._write()

    def solve(self, setting: Setting, target: float) -> Eased:
        """The relaxed plan of a setting, or no more than the proof that it cannot gain more than `target`."""
        self._set(setting)
        closed = self._closed(setting)
        best: Eased | None = None
        for _ in range(MAX_STEPS):
            prices, of_blocks, values = self._run()
            priced = self._price(prices, setting, closed)
            gain = self._held_gain - self._handle.getObjectiveValue()
            if best is None or priced.bound < best.bound:
                best = self._eased(setting, priced, gain)
            close = NOUGHT * max(abs(gain), self._top)
            if best.bound <= target or best.bound - gain <= close:
                break
            if not self._add(priced, of_blocks, close, closed) and not self._link(setting, values):
                break
        assert best is not None  # noqa: S101 - there is at least one step
        return self._finished(best, gain, values)

    # --- the live model -------------------------------------------------------------------------------------------------

    def _blocks(self) -> tuple[Ints, int]:
        """The block of each option: its channel's, or that of people in several channels, shape (n_options,)."""
        n_channels = len(self._charged.options.channel_names)
        return np.where(self._shared, n_channels, self._charged.options.channel), n_channels + 1

    def _write(self) -> None:
        problem, charged = self._problem, self._charged
        n = problem.n_options
        m = self._n_rows_first = len(self._names)
        self._held_gain = float(problem.gain @ problem.held)
        self._handle = highspy.Highs()
        self._handle.setOptionValue("output_flag", False)
        self._handle.setOptionValue("threads", 1)
        for room in self._room:
            self._handle.addRow(-_FREE, float(room), 0, np.empty(0, dtype=np.int32), np.empty(0))
        switch_of = {c.channel: place for place, c in enumerate(charged.charges) if c.is_switch}
        self._switch_of_block = {
            b: switch_of[name] for b, name in enumerate(charged.options.channel_names) if name in switch_of
        }
        for b in range(self._n_blocks):
            self._handle.addRow(
                -_FREE, 0.0 if b in self._switch_of_block else 1.0, 0, np.empty(0, dtype=np.int32), np.empty(0)
            )
        of_switch = {place: m + b for b, place in self._switch_of_block.items()}
        sizes = problem.people.size[problem.people.code[n:]]
        for place in range(problem.n_extra):
            own = [(of_switch[place], -1.0)] if place in of_switch else []
            self._column(problem.gain[n + place], self._uses[:, n + place], own, float(sizes[place]))
        for i in range(m):
            self._column(-self._penalties[i], -np.eye(1, m, i)[0], [], _FREE)
        self._n_fixed_columns = problem.n_extra + m

    def _column(self, gain: float, uses: Floats, own: list[tuple[int, float]], most: float) -> None:
        at = np.flatnonzero(uses)
        places = [*self._row_places()[at].tolist(), *(place for place, _ in own)]
        values = [*uses[at].tolist(), *(value for _, value in own)]
        self._handle.addCol(
            -gain, 0.0, most, len(places), np.array(places, dtype=np.int32), np.array(values, dtype=float)
        )

    def _row_places(self) -> Ints:
        """Where each linear row stands on the handle: links that came later stand after the rows of the blocks."""
        first, later = self._n_rows_first, len(self._names) - self._n_rows_first
        places: Ints = np.r_[np.arange(first), first + self._n_blocks + np.arange(later)]
        return places

    def _set(self, setting: Setting) -> None:
        for b, place in self._switch_of_block.items():
            name = self._charged.options.channel_names[b]
            self._handle.changeColBounds(place, float(name in setting.on), float(name not in setting.off))
        for place, charge in enumerate(self._charged.charges):
            if not charge.is_switch:
                self._handle.changeColBounds(place, 0.0, 0.0 if charge.channel in setting.off else charge.size)

    def _run(self) -> tuple[Floats, Floats, Floats]:
        """Prices of the rows, prices of the blocks, and values of the columns."""
        self._handle.run()
        solution = self._handle.getSolution()
        duals = np.maximum(-np.array(solution.row_dual), 0.0)
        first = self._n_rows_first
        return duals[self._row_places()], duals[first : first + self._n_blocks], np.array(solution.col_value)

    # --- plans of blocks at prices --------------------------------------------------------------------------------------

    def _closed(self, setting: Setting) -> Flags:
        codes = [self._charged.options.channel_names.index(name) for name in setting.off]
        return np.isin(self._charged.options.channel, codes)

    def _price(self, prices: Floats, setting: Setting, closed: Flags) -> "_Priced":
        """The best plan of every block at these prices, and the bound that they give."""
        problem, n = self._problem, self._problem.n_options
        reduced = problem.gain - prices @ self._uses
        extra = reduced[n:]
        score = problem.of_the_free(reduced).copy()
        score[:n][closed] = -np.inf
        score[n:] = -np.inf
        chosen = problem.people.choice(score)
        amounts = problem.people.size[problem.people.code[chosen]]
        of_block = np.zeros(self._n_blocks)
        np.add.at(of_block, self._block_of_option[chosen], reduced[chosen] * amounts)
        sizes = problem.people.size[problem.people.code[n:]]
        bound = self._held_gain + float(prices @ self._room)
        worth: dict[str, float] = {}
        for b in range(self._n_blocks):
            place = self._switch_of_block.get(b)
            if place is None:
                bound += of_block[b]
                continue
            name = self._charged.options.channel_names[b]
            total = of_block[b] + extra[place]
            bound += 0.0 if name in setting.off else total if name in setting.on else max(0.0, total)
            if name not in setting.on | setting.off:
                worth[name] = total
        for place, charge in enumerate(self._charged.charges):
            if not charge.is_switch and charge.channel not in setting.off:
                bound += sizes[place] * max(0.0, extra[place])
        return _Priced(bound=bound, chosen=chosen, amounts=amounts, of_block=of_block, worth=worth, prices=prices)

    def _add(self, priced: "_Priced", of_blocks: Floats, close: float, closed: Flags) -> bool:
        """Add the plans that gain more than their block's price; whether there were any."""
        blocks = self._block_of_option[priced.chosen]
        worth_it = np.flatnonzero(priced.of_block - of_blocks > close / self._n_blocks)
        for b in worth_it.tolist():
            mine = np.flatnonzero(blocks == b)
            at, amounts = priced.chosen[mine], priced.amounts[mine]
            gain = float(self._problem.gain[at] @ amounts)
            self._column(gain, self._uses[:, at] @ amounts, [(self._n_rows_first + b, 1.0)], _FREE)
            self._plans.append((b, at, amounts))
        return bool(len(worth_it))

    def _link(self, setting: Setting, values: Floats) -> bool:
        """Add the links that people in several channels break most; whether there were any."""
        if not self._shared.any():
            return False
        n = self._problem.n_options
        x = np.zeros(len(self._problem))
        for weight, (b, at, amounts) in zip(values[self._n_fixed_columns :].tolist(), self._plans, strict=True):
            if b == self._n_blocks - 1:
                x[at] += weight * amounts
        x[n:] = values[: self._problem.n_extra]
        more = list(broken_links(self._charged, self._charged.open_switches(setting), self._shared, x))
        for link in more:
            self._add_link(link)
        return bool(more)

    def _add_link(self, link: Link) -> None:
        uses = link_row(link, self._charged.charges).coefficients
        n = self._problem.n_options
        of_plans = [float(uses[at] @ amounts) for _, at, amounts in self._plans]
        line = np.r_[uses[n:], np.zeros(self._n_fixed_columns - self._problem.n_extra), of_plans]
        at = np.flatnonzero(line)
        self._handle.addRow(-_FREE, 0.0, len(at), at.astype(np.int32), line[at])
        self._names.append(link.name)
        self._uses = np.vstack([self._uses, uses])
        self._room = np.r_[self._room, 0.0]
        self.links.append(link)

    # --- what came out --------------------------------------------------------------------------------------------------

    def _eased(self, setting: Setting, priced: "_Priced", gain: float) -> Eased:
        named = dict(zip(self._names, priced.prices.tolist(), strict=True))
        return Eased(
            gain=gain,
            bound=priced.bound,
            is_possible=True,
            on={},
            worth=priced.worth,
            prices={name: price for name, price in named.items() if price > 0},
        )

    def _finished(self, best: Eased, gain: float, values: Floats) -> Eased:
        first = self._problem.n_extra
        beyond = values[first : first + self._n_rows_first] @ self._penalties
        names = self._charged.options.channel_names
        return Eased(
            gain=gain,
            bound=best.bound,
            is_possible=bool(beyond <= 1e-6 * self._top),
            on={names[b]: float(values[place]) for b, place in self._switch_of_block.items()},
            worth=best.worth,
            prices=best.prices,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Priced:
    """Everybody's best option at some prices: positions, contacts, what each block gains, and the bound."""

    bound: float
    chosen: Ints
    amounts: Floats
    of_block: Floats
    worth: dict[str, float]
    prices: Floats


def _in_several_channels(charged: Charged) -> Flags:
    """Options of people who have options in more than one channel, shape (n_options,)."""
    n, people = charged.problem.n_options, charged.problem.people
    code, channel = people.code[:n], charged.options.channel
    least, most = np.full(len(people), np.iinfo(np.int64).max), np.full(len(people), -1)
    np.minimum.at(least, code, channel)
    np.maximum.at(most, code, channel)
    return (least < most)[code]

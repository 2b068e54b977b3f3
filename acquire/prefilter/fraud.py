"""Fraud before risk: what was known of a lead's ring when it arrived. Links + arrivals -> one row of figures per lead.

A ring is the connected component of people who share a device, an address, a card, or the ownership of a company
(`acquire.prefilter.ring_graph`). A lead's ring is its own person and every component that it touches on arrival.

Known at the arrival of a lead is what happened on an earlier day:

    another lead, and its links      from the day after it arrived
    a refusal (applied, not approved)  from the day after the lead arrived: the day of the decision is not in the tables
    good or bad                      from the day after `bad_on`, else after the booking matured (arrival + maturity days)

So a lead's own outcome, and everything about leads of the same or a later day, never enters. The order within one day is not
known. `ring_day_size` alone looks at the day itself: it is known when the leads of a day are decided together, which makes it a
field for rules and not a feature.

References:
    Van Vlasselaer, V., Eliassi-Rad, T., Akoglu, L., Snoeck, M. and Baesens, B. (2017), "GOTCHA! Network-based fraud detection
    for social security fraud", section 3: features of the neighbourhood with known fraud, as of a time.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.domain import LINK_KINDS
from acquire.errors import BadInput
from acquire.prefilter.arrivals import NEVER, Rows, number
from acquire.prefilter.ring_graph import RingGraph, Ties, build_graph, tie
from acquire.prefilter.shared_keys import owner_figures, people_on

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

DAY_SIZE = "ring_day_size"


@dataclass(frozen=True, slots=True, kw_only=True)
class RingSettings:
    """Choices about rings.

    Attributes:
        hub_people: A key that more people than this have used ties nobody: a dormitory or an internet café is no ring. How many
            people share it is a figure of its own, whatever this says.
    """

    hub_people: int = 50

    def __post_init__(self) -> None:
        if self.hub_people < 2:
            raise BadInput(f"hub_people is {self.hub_people}; give at least 2, else no key can tie two people")


def ring_features(links: pd.DataFrame, arrivals: pd.DataFrame, *, settings: RingSettings | None = None) -> pd.DataFrame:
    """Tell for every lead what was known of its ring when it arrived.

    Args:
        links: `lead_id`, `kind` (device, address, card, company), `key`, optional `role`.
        arrivals: One row per lead, n of them, as `acquire.prefilter.arrivals` gives them.
        settings: Choices about rings.

    Returns:
        Same rows in the same order, float64; NaN in every column where the day of arrival is not known.

        ring_size                      people in the ring, the lead's own counted: 1 = alone
        ring_leads_7d, ring_leads_30d  leads of the ring in the 7 (30) days before; the lead itself is not counted
        ring_channels                  channels that the ring came through, the lead's own counted
        ring_n_bad, ring_bad_share     leads of the ring known bad; their share among those known good or bad, NaN if none is
        ring_n_refused, ring_refused_share   leads of the ring refused; their share among those who applied, NaN if none did
        ring_<kind>_people             people on the lead's device (address ...), its own counted; the most where it has
                                       several, 0 where it has none
        ring_is_owner                  1 where the lead owns or directs a company
        ring_owner_bad                 1 where an owner or director of the lead's company is known bad or refused
        ring_day_size                  ring_size with the leads of the same day and what ties them: for rules, not a feature

        Columns of a kind that links lack, and of outcomes that no row has, are left out.
    """
    settings = settings or RingSettings()
    rows, ties = number(arrivals), tie(links, arrivals["lead_id"])
    graph = build_graph(ties, rows.person, rows.day, hub_people=settings.hub_people)
    figures = _ring_figures(rows, ties, graph)
    for kind in LINK_KINDS:
        if (ties.kind == kind).any():
            figures[f"ring_{kind}_people"] = people_on(kind, rows, ties)
    if ties.is_owner.any():
        figures |= owner_figures(rows, ties)
    for outcome, known in (("bad", rows.is_bad), ("refused", rows.is_refused)):
        if np.isnan(known).all():
            del figures[f"ring_n_{outcome}"], figures[f"ring_{outcome}_share"]
    table = {name: np.where(rows.is_dated, figure, np.nan) for name, figure in figures.items()}
    return pd.DataFrame(table, index=arrivals.index)


def _ring_figures(rows: Rows, ties: Ties, graph: RingGraph) -> dict[str, Floats]:
    """What the rings of all rows look like; people whom nothing ties are rings of one."""
    n = len(rows.day)
    figures = {name: np.zeros(n) for name in ("ring_leads_7d", "ring_leads_30d", "ring_n_bad", "ring_n_refused")}
    figures |= {name: np.full(n, np.nan) for name in ("ring_bad_share", "ring_refused_share")}
    figures |= {name: np.ones(n) for name in ("ring_size", "ring_channels", DAY_SIZE)}
    queue = _queue(rows, ties, graph)
    days = np.unique(rows.day[queue.linked[rows.is_dated[queue.linked]]])
    # Each day is looked at twice: as it begins, and when it is over.
    looks = np.unique(np.concatenate([days, days + 1])).tolist()
    begins = set(days.tolist())
    before: _Day | None = None
    for day, (component, is_hub) in zip(looks, graph.over(looks), strict=True):
        people = graph.people(component, day)
        if before is not None:
            before.write(figures, people[component[queue.node[before.at]]])
        before = _meet(queue, day, component, is_hub, people) if day in begins else None
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Queue:
    """Who arrives, in order of days. Those without a date have come before the last day, but are not asked about.

    Attributes:
        linked: Rows that something may tie, by day.
        day: Their days.
        node: Node of every row's person, shape (n,).
        tie_row, tie_node: Ties whose key is a node, by the row's day: the row, and the key's node.
        tie_day: The row's day.
    """

    rows: Rows
    linked: Ints
    day: Ints
    node: Ints
    tie_row: Ints
    tie_node: Ints
    tie_day: Ints

    def on(self, day: int) -> tuple[Ints, Ints, Ints, Ints]:
        """Rows that came before a day and rows that arrive on it; rows and key nodes of the latter's ties."""
        begin, end = np.searchsorted(self.day, [day, day + 1])
        ties = slice(*np.searchsorted(self.tie_day, [day, day + 1]))
        at, is_dated = self.linked[begin:end], self.rows.is_dated
        row, node = self.tie_row[ties], self.tie_node[ties]
        return self.linked[:begin], at[is_dated[at]], row[is_dated[row]], node[is_dated[row]]


def _queue(rows: Rows, ties: Ties, graph: RingGraph) -> _Queue:
    node = graph.node_of_person[rows.person]
    linked = np.flatnonzero(node >= 0)
    linked = linked[np.argsort(rows.day[linked], kind="stable")]
    keyed = np.flatnonzero(ties.connects & (graph.node_of_key[ties.key] >= 0)) if len(ties.key) else ties.key
    keyed = keyed[np.argsort(rows.day[ties.row[keyed]], kind="stable")]
    return _Queue(
        rows=rows,
        linked=linked,
        day=rows.day[linked],
        node=node,
        tie_row=ties.row[keyed],
        tie_node=graph.node_of_key[ties.key[keyed]],
        tie_day=rows.day[ties.row[keyed]],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """One day's arrivals and the rings they touch.

    Attributes:
        day: Its number.
        at: Rows that arrive, shape (n_today,).
        row, ring: Which of them touches which ring, each pair once; `row` numbers `at`.
        past, past_ring: Earlier rows of those rings, and their ring.
        people: People of every ring, shape (n_rings,).
    """

    rows: Rows
    day: int
    at: Ints
    row: Ints
    ring: Ints
    past: Ints
    past_ring: Ints
    people: Ints

    def write(self, figures: dict[str, Floats], day_size: Ints) -> None:
        """Write the figures of the day's rows; `day_size` is people of each one's ring when the day is over, shape (n_today,)."""
        rows, past, at = self.rows, self.past, self.at
        age = np.where(rows.is_dated[past], self.day - rows.day[past], NEVER)
        is_known = ~np.isnan(rows.is_bad[past]) & (rows.bad_known[past] < self.day)
        n_bad, n_known = self._count(is_known & (rows.is_bad[past] == 1)), self._count(is_known)
        n_refused, n_applied = self._count(rows.is_refused[past] == 1), self._count(~np.isnan(rows.is_refused[past]))
        figures["ring_size"][at] = self._sum(self.people) + (rows.first_day[at] == self.day)
        figures["ring_leads_7d"][at] = self._count(age <= 7)
        figures["ring_leads_30d"][at] = self._count(age <= 30)
        figures["ring_n_bad"][at], figures["ring_bad_share"][at] = n_bad, _share(n_bad, n_known)
        figures["ring_n_refused"][at], figures["ring_refused_share"][at] = n_refused, _share(n_refused, n_applied)
        figures["ring_channels"][at] = self._channels()
        figures[DAY_SIZE][at] = day_size

    def _count(self, which: Flags) -> Floats:
        """How many of the marked past rows are in each arrival's rings, shape (n_today,)."""
        return self._sum(np.bincount(self.past_ring[which], minlength=len(self.people)))

    def _sum(self, per_ring: Ints) -> Floats:
        return np.bincount(self.row, weights=per_ring[self.ring], minlength=len(self.at)).astype(np.float64)

    def _channels(self) -> Ints:
        touched, ring = np.unique(self.ring, return_inverse=True)
        n_channels = int(self.rows.channel.max()) + 1
        of_ring = np.zeros((len(touched), n_channels), dtype=np.bool_)
        of_ring[np.searchsorted(touched, self.past_ring), self.rows.channel[self.past]] = True
        of_row = np.zeros((len(self.at), n_channels), dtype=np.bool_)
        np.logical_or.at(of_row, self.row, of_ring[ring])
        of_row[np.arange(len(self.at)), self.rows.channel[self.at]] = True
        return np.asarray(of_row.sum(axis=1))


def _share(count: Floats, of: Floats) -> Floats:
    return np.asarray(np.divide(count, of, out=np.full(len(of), np.nan), where=of > 0))


def _meet(queue: _Queue, day: int, component: Ints, is_hub: Flags, people: Ints) -> _Day:
    """Let a day's arrivals meet the rings of the days before.

    Args:
        queue: All arrivals.
        day: The day.
        component, is_hub, people: Of the days before; see `RingGraph`.
    """
    past, at, tie_row, tie_node = queue.on(day)
    is_open = ~is_hub[tie_node]
    touching = np.concatenate([np.arange(len(at)), np.searchsorted(at, tie_row[is_open])])
    touched = np.concatenate([component[queue.node[at]], component[tie_node[is_open]]])
    pairs = np.unique(touching * len(people) + touched)
    row, ring = pairs // len(people), pairs % len(people)
    is_met = np.zeros(len(people), dtype=np.bool_)
    is_met[ring] = True
    past_ring = component[queue.node[past]]
    met = is_met[past_ring]
    return _Day(
        rows=queue.rows, day=day, at=at, row=row, ring=ring, past=past[met], past_ring=past_ring[met], people=people
    )

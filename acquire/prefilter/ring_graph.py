"""Who is tied to whom, as of a day: people and the keys they share, as a graph whose connected components are rings.

    lead --- its person                     always
    person --- device, address, card        always
    person --- company                      owners and directors only: colleagues do not know each other

A key that more than `hub_people` people have used by then is a hub (a dormitory, an internet café): it ties nobody. As more
people come, a key can become a hub; from that day on those it had tied are apart again, unless something else ties them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

OWNER_ROLES = frozenset({"owner", "director", "legal_representative"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """Which row has which key, each pair once; m ties.

    Attributes:
        row: Number of the lead's row, shape (m,).
        key: Number of the key, shape (m,); the same text under another kind is another key.
        kind: Kind of the key, shape (m,).
        is_owner: The row's person owns or directs the company, shape (m,).
    """

    row: Ints
    key: Ints
    kind: NDArray[np.object_]
    is_owner: Flags

    @property
    def connects(self) -> Flags:
        """Whether the tie can make two people one ring, shape (m,)."""
        return np.asarray((self.kind != "company") | self.is_owner, dtype=np.bool_)


def tie(links: pd.DataFrame, lead_id: pd.Series) -> Ties:
    """Find the rows that links speak of; links of other leads are left out.

    Args:
        links: `lead_id`, `kind`, `key`, optional `role`.
        lead_id: Id of each row; an id may stand in several rows, which then share its links.
    """
    rows = pd.DataFrame({"lead_id": lead_id.to_numpy(), "row": np.arange(len(lead_id))})
    known = links.merge(rows, on="lead_id", how="inner")
    key = known.groupby(["kind", "key"], sort=False).ngroup()
    is_owner = known["role"].isin(OWNER_ROLES) if "role" in known else pd.Series(False, index=known.index)
    is_owner &= known["kind"] == "company"
    ties = pd.DataFrame({"row": known["row"], "key": key, "kind": known["kind"], "is_owner": is_owner})
    once = ties.sort_values(["row", "key", "is_owner"], kind="stable").drop_duplicates(["row", "key"], keep="last")
    return Ties(
        row=once["row"].to_numpy(dtype=np.int64),
        key=once["key"].to_numpy(dtype=np.int64),
        kind=once["kind"].to_numpy(dtype=object),
        is_owner=once["is_owner"].to_numpy(dtype=np.bool_),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RingGraph:
    """The graph over time. Only what can tie is kept: keys that two people share, and the people of such keys.

    Nodes are the people that can be in a ring, then the shared keys.

    Attributes:
        node_of_person: Node of every person, shape (n_people,); -1 for people whom nothing ties.
        node_of_key: Node of every key, shape (n_keys,); -1 for keys that only one person has.
        n_nodes: How many nodes there are.
        came: Day on which the person of each node came first, shape (n_tied_people,): the people are the first nodes.
        start, end, since: Edges between a person's and a key's node, and the day from which each exists, by day.
        hub_people: More people than this make a key a hub.
    """

    node_of_person: Ints
    node_of_key: Ints
    n_nodes: int
    came: Ints
    start: Ints
    end: Ints
    since: Ints
    hub_people: int

    def over(self, days: Iterable[int]) -> Iterator[tuple[Ints, Flags]]:
        """Components of what came before each of the days, which rise.

        Keys that never become hubs tie for good: their components only grow, and each day joins a few of them. On top of these,
        every day anew, come the keys that will be hubs and are none yet.

        Yields:
            Number of each node's component, below n_nodes, shape (n_nodes,): who has not come yet is alone; and which nodes are
            hubs.
        """
        lasting = np.bincount(self.end, minlength=self.n_nodes)[self.end] <= self.hub_people
        passing = np.flatnonzero(~lasting)
        held, n_people, seen = np.arange(self.n_nodes), np.zeros(self.n_nodes, dtype=np.int64), 0
        for day in days:
            until = int(np.searchsorted(self.since, day))
            new = seen + np.flatnonzero(lasting[seen:until])
            held = _join(held, self.start[new], self.end[new])
            np.add.at(n_people, self.end[seen:until], 1)
            is_hub, seen = n_people > self.hub_people, until
            open_ = passing[: np.searchsorted(passing, until)]
            open_ = open_[~is_hub[self.end[open_]]]
            yield _join(held, self.start[open_], self.end[open_]), is_hub

    def people(self, component: Ints, day: int) -> Ints:
        """People of each component who came before `day`, shape (n_nodes,)."""
        return np.bincount(component[: len(self.came)][self.came < day], minlength=self.n_nodes)


def build_graph(ties: Ties, person: Ints, day: Ints, *, hub_people: int) -> RingGraph:
    """Build the graph of all rows.

    Args:
        ties: Which row has which key.
        person: Number of each row's person, shape (n,).
        day: Day on which each row came, shape (n,).
        hub_people: More people than this make a key a hub.
    """
    connects = ties.connects
    row = ties.row[connects]
    pairs = pd.DataFrame({"person": person[row], "key": ties.key[connects], "since": day[row]})
    first = pairs.groupby(["person", "key"], sort=False, as_index=False)["since"].min()
    shared = first[first.groupby("key")["person"].transform("size") > 1].sort_values("since", kind="stable")
    often = np.flatnonzero(np.bincount(person) > 1)
    people = np.union1d(shared["person"].to_numpy(dtype=np.int64), often)
    keys = np.unique(shared["key"].to_numpy(dtype=np.int64))
    came = np.full(int(person.max(initial=-1)) + 1, np.iinfo(np.int64).max)
    np.minimum.at(came, person, day)
    node_of_person = _numbered(people, len(came), start=0)
    node_of_key = _numbered(keys, int(ties.key.max(initial=-1)) + 1, start=len(people))
    return RingGraph(
        node_of_person=node_of_person,
        node_of_key=node_of_key,
        n_nodes=len(people) + len(keys),
        came=came[people],
        start=node_of_person[shared["person"].to_numpy(dtype=np.int64)],
        end=node_of_key[shared["key"].to_numpy(dtype=np.int64)],
        since=shared["since"].to_numpy(dtype=np.int64),
        hub_people=hub_people,
    )


def _join(component: Ints, start: Ints, end: Ints) -> Ints:
    """Components after more edges: those that are joined take the number of one of them."""
    if not len(start):
        return component
    touched, at = np.unique(component[np.concatenate([start, end])], return_inverse=True)
    edges = (np.ones(len(start), dtype=np.int8), (at[: len(start)], at[len(start) :]))
    _, joined = connected_components(csr_array(edges, shape=(len(touched), len(touched))), directed=False)
    _, first = np.unique(joined, return_index=True)
    number = np.arange(len(component))
    number[touched] = touched[first[joined]]
    return np.asarray(number[component], dtype=np.int64)


def _numbered(chosen: Ints, n: int, *, start: int) -> Ints:
    numbers = np.full(n, -1, dtype=np.int64)
    numbers[chosen] = start + np.arange(len(chosen))
    return numbers

"""Rings of any small market: the same as a walk from lead to lead finds them, whatever comes later and in any order."""

import time
from collections import deque

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.prefilter.fraud import RingSettings, ring_features
from acquire.prefilter.ring_graph import OWNER_ROLES
from tests.acquire.prefilter.ring_rows import START, arrivals, lead, links

# Against a reference that walks from person to key and back, lead by lead.

NAMES = [f"l{i}" for i in range(10)]
KINDS = st.sampled_from(["device", "address", "card", "company"])
ROLES = st.sampled_from(["", "owner", "director", "employee", "user"])


@st.composite
def markets(draw: st.DrawFn, undated: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    n = draw(st.integers(2, 10))
    days = st.integers(0, 6)
    rows = []
    for name in NAMES[:n]:
        day = draw(st.none() | days) if undated else draw(days)
        bad = draw(st.sampled_from([np.nan, 0.0, 1.0]))
        known = None if day is None or np.isnan(bad) else day + draw(st.integers(0, 4))
        rows.append(
            lead(
                name,
                day,
                person=draw(st.none() | st.sampled_from(["P", "Q", "R"])),
                channel=draw(st.sampled_from(["web", "phone"])),
                bad=bad,
                known=known,
                refused=draw(st.sampled_from([np.nan, 0.0, 1.0])),
            )
        )
    tied = st.tuples(st.sampled_from(NAMES), KINDS, st.sampled_from(["1", "2", "3"]), ROLES)
    return links(*draw(st.lists(tied, max_size=25))), arrivals(*rows)


def reference(shared: pd.DataFrame, came: pd.DataFrame, hub_people: int) -> pd.DataFrame:
    """The figures by definition; one breadth-first walk per lead over what was known before its day."""
    dated = came["arrived_on"].dropna()
    if dated.empty:
        return pd.DataFrame(index=came.index)
    eve = dated.max() - pd.Timedelta(days=1)
    rows = came.assign(
        day=came["arrived_on"].fillna(eve),
        person=[
            p if isinstance(p, str) else f"alone {i}" for p, i in zip(came["person_id"], came["lead_id"], strict=True)
        ],
    )
    known = rows["bad_known_on"].fillna(eve)
    rows["label_day"] = known.where(known < eve, eve)
    rows["label_day"] = rows["label_day"].where(rows["label_day"] > rows["day"], rows["day"])
    return pd.DataFrame([_told(row, rows, shared, hub_people) for row in rows.itertuples()], index=came.index)


def _told(row, rows: pd.DataFrame, shared: pd.DataFrame, hub_people: int) -> dict[str, float]:  # type: ignore[no-untyped-def]
    if pd.isna(row.arrived_on):
        return {}
    past = rows[rows["day"] < row.day]
    ring = _ring(row, past, shared, hub_people)
    theirs = past[past["person"].isin(ring)]
    age = (row.day - theirs["arrived_on"]).dt.days
    label = theirs[theirs["bad"].notna() & (theirs["label_day"] < row.day)]["bad"]
    applied = theirs["refused"].dropna()
    whole_day = rows[rows["day"] <= row.day]
    figures = {
        "ring_size": len(ring),
        "ring_day_size": len(_ring(row, whole_day, shared, hub_people)),
        "ring_leads_7d": (age <= 7).sum(),
        "ring_leads_30d": (age <= 30).sum(),
        "ring_channels": len({*theirs["channel"], row.channel}),
        "ring_n_bad": label.sum(),
        "ring_bad_share": label.mean(),
        "ring_n_refused": applied.sum(),
        "ring_refused_share": applied.mean(),
    }
    own = shared[shared["lead_id"] == row.lead_id]
    for kind in set(shared["kind"]):
        users = [
            {*past.loc[past["lead_id"].isin(_holders(shared, kind, key)), "person"], row.person}
            for key in own.loc[own["kind"] == kind, "key"]
        ]
        figures[f"ring_{kind}_people"] = max(map(len, users), default=0)
    figures["ring_is_owner"] = float(((own["kind"] == "company") & own["role"].isin(OWNER_ROLES)).any())
    figures["ring_owner_bad"] = float(
        any(_marked(key, past, shared, row) for key in own.loc[own["kind"] == "company", "key"])
    )
    return figures


def _holders(shared: pd.DataFrame, kind: str, key: str) -> pd.Series:
    return shared.loc[(shared["kind"] == kind) & (shared["key"] == key), "lead_id"]


def _marked(key: str, past: pd.DataFrame, shared: pd.DataFrame, row) -> bool:  # type: ignore[no-untyped-def]
    is_owner = (shared["kind"] == "company") & (shared["key"] == key) & shared["role"].isin(OWNER_ROLES)
    owners = past.loc[past["lead_id"].isin(shared.loc[is_owner, "lead_id"]), "person"]
    theirs = past[past["person"].isin(owners)]
    return bool(((theirs["refused"] == 1) | ((theirs["bad"] == 1) & (theirs["label_day"] < row.day))).any())


def _ring(row, past: pd.DataFrame, shared: pd.DataFrame, hub_people: int) -> set[str]:  # type: ignore[no-untyped-def]
    ties = shared[(shared["kind"] != "company") | shared["role"].isin(OWNER_ROLES)]
    keys_of: dict[str, set[tuple[str, str]]] = {}
    people_of: dict[tuple[str, str], set[str]] = {}
    for other in past.itertuples():
        for tied in ties[ties["lead_id"] == other.lead_id].itertuples():
            keys_of.setdefault(other.person, set()).add((tied.kind, tied.key))
            people_of.setdefault((tied.kind, tied.key), set()).add(other.person)
    own = {(tied.kind, tied.key) for tied in ties[ties["lead_id"] == row.lead_id].itertuples()}
    ring, waiting = {row.person}, deque(own | keys_of.get(row.person, set()))
    while waiting:
        people = people_of.get(waiting.popleft(), set())
        for person in (people if len(people) <= hub_people else set()) - ring:
            ring.add(person)
            waiting.extend(keys_of[person])
    return ring


@settings(max_examples=60, deadline=None)
@given(markets(), st.integers(2, 4))
def test_rings_are_those_that_a_walk_from_lead_to_lead_finds(
    market: tuple[pd.DataFrame, pd.DataFrame], hub_people: int
) -> None:
    shared, came = market
    told = ring_features(shared, came, settings=RingSettings(hub_people=hub_people))
    expected = reference(shared, came, hub_people)
    if not expected.empty:
        pd.testing.assert_frame_equal(told, expected[list(told)], check_dtype=False)


@settings(max_examples=60, deadline=None)
@given(markets(undated=False), st.integers(0, 6))
def test_nothing_that_comes_later_changes_what_was_known(market: tuple[pd.DataFrame, pd.DataFrame], until: int) -> None:
    shared, came = market
    # A table holds no label that was not known before its last day.
    came["bad"] = came["bad"].where(came["bad_known_on"] < came["arrived_on"].max())
    last = START + pd.Timedelta(days=until)
    early = came[came["arrived_on"] <= last].reset_index(drop=True)
    early["bad"] = early["bad"].where(early["bad_known_on"] < early["arrived_on"].max())
    told, later = ring_features(shared, early), ring_features(shared, came)
    kept = later[(came["arrived_on"] <= last).to_numpy()].reset_index(drop=True)
    common = [name for name in told if name in kept]
    assert {"ring_size", "ring_channels", "ring_day_size"} <= set(common)
    pd.testing.assert_frame_equal(told[common], kept[common])


@settings(max_examples=25, deadline=None)
@given(markets(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_links_does_not_matter(market: tuple[pd.DataFrame, pd.DataFrame], luck) -> None:  # type: ignore[no-untyped-def]
    shared, came = market
    rows, ties = (luck.sample(range(len(frame)), len(frame)) for frame in (came, shared))
    mixed = ring_features(shared.iloc[ties].reset_index(drop=True), came.iloc[rows].reset_index(drop=True))
    pd.testing.assert_frame_equal(mixed, ring_features(shared, came).iloc[rows].reset_index(drop=True))


def test_sixty_thousand_rows_over_a_year_take_a_few_seconds() -> None:
    rng = np.random.default_rng(7)
    n = 60_000
    came = pd.DataFrame(
        {
            "lead_id": [f"L{i}" for i in range(n)],
            "person_id": None,
            "channel": "web",
            "arrived_on": START + pd.to_timedelta(np.where(np.arange(n) < 40_000, rng.integers(0, 365, n), 365), "D"),
            "bad": np.where(rng.random(n) < 0.05, 1.0, np.nan),
            "bad_known_on": pd.NaT,
            "refused": np.nan,
        }
    )
    keys = {kind: [f"{kind}{k}" for k in rng.integers(0, n, n)] for kind in ("device", "address")}
    shared = pd.concat(
        [pd.DataFrame({"lead_id": came["lead_id"], "kind": kind, "key": key}) for kind, key in keys.items()]
    )
    started = time.process_time()
    told = ring_features(shared, came)
    assert time.process_time() - started < 8
    assert told["ring_size"].max() > 50

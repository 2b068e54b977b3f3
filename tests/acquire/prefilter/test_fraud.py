"""Rings as they were known on the day a lead arrived, and nothing that came later."""

import time
from collections import deque
from collections.abc import Sequence
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.prefilter.arrivals import arrivals_of, estimate_maturity_days
from acquire.prefilter.fraud import RingSettings, ring_features
from acquire.prefilter.ring_graph import OWNER_ROLES

START = pd.Timestamp("2026-01-01")
TODAY = date(2026, 3, 31)


def lead(
    name: str,
    day: int | None,
    *,
    person: str | None = None,
    channel: str = "web",
    bad: float = np.nan,
    known: int | None = None,
    refused: float = np.nan,
) -> dict[str, object]:
    """A lead that arrives on a day counted from the start; its label is known on day `known`."""
    return {
        "lead_id": name,
        "person_id": person,
        "channel": channel,
        "arrived_on": pd.NaT if day is None else START + pd.Timedelta(days=day),
        "bad": bad,
        "bad_known_on": pd.NaT if known is None else START + pd.Timedelta(days=known),
        "refused": refused,
    }


def arrivals(*leads: dict[str, object]) -> pd.DataFrame:
    kinds = {"lead_id": "str", "person_id": "str", "channel": "str", "bad": float, "refused": float}
    days = {"arrived_on": "datetime64[us]", "bad_known_on": "datetime64[us]"}
    return pd.DataFrame(list(leads)).astype(kinds | days)


def links(*rows: tuple[str, str, str] | tuple[str, str, str, str]) -> pd.DataFrame:
    full = [(*row, "") if len(row) == 3 else row for row in rows]
    return pd.DataFrame(full, columns=["lead_id", "kind", "key", "role"]).astype("str")


def on_one(kind: str, key: str, names: str) -> list[tuple[str, str, str]]:
    return [(name, kind, key) for name in names]


def test_a_ring_grows_with_everybody_who_comes_to_the_same_device() -> None:
    came = arrivals(lead("a", 0), lead("b", 5), lead("c", 20), lead("d", 21))
    told = ring_features(links(*on_one("device", "D", "abc"), ("d", "device", "E")), came)
    assert told["ring_size"].tolist() == [1, 2, 3, 1]
    assert told["ring_device_people"].tolist() == [1, 2, 3, 1]
    assert told["ring_leads_7d"].tolist() == [0, 1, 0, 0]
    assert told["ring_leads_30d"].tolist() == [0, 1, 2, 0]


def test_a_lead_joins_two_rings_by_its_device_and_its_address() -> None:
    came = arrivals(lead("a", 0), lead("b", 1), lead("c", 2, channel="phone"), lead("x", 3))
    told = ring_features(links(*on_one("device", "D", "abx"), *on_one("address", "A", "cx")), came)
    assert told["ring_size"].tolist() == [1, 2, 1, 4]
    assert told["ring_channels"].tolist() == [1, 1, 1, 2]
    assert told["ring_address_people"].tolist() == [0, 0, 1, 2]


def test_the_same_text_as_device_and_as_address_ties_nobody() -> None:
    told = ring_features(links(("a", "device", "7"), ("b", "address", "7")), arrivals(lead("a", 0), lead("b", 1)))
    assert told["ring_size"].tolist() == [1, 1]


def test_a_family_at_one_address_is_a_ring_of_two() -> None:
    told = ring_features(links(*on_one("address", "A", "ab")), arrivals(lead("a", 0), lead("b", 9)))
    assert told["ring_size"].tolist() == [1, 2]


def test_a_person_who_comes_back_counts_once_and_brings_the_own_past_along() -> None:
    came = arrivals(lead("a", 0, person="P", refused=1.0), lead("b", 3, person="P", channel="phone"))
    told = ring_features(links(("a", "device", "D")), came)
    assert told["ring_size"].tolist() == [1, 1]
    assert told["ring_channels"].tolist() == [1, 2]
    assert told["ring_n_refused"].tolist() == [0, 1]


def test_bad_is_known_after_it_matured_and_a_refusal_on_the_next_day() -> None:
    came = arrivals(
        lead("bad", 0, bad=1.0, known=10),
        lead("good", 1, bad=0.0, known=11),
        lead("x", 10),
        lead("y", 11),
        lead("z", 12),
    )
    told = ring_features(links(*((name, "device", "D") for name in came["lead_id"])), came)
    assert told["ring_n_bad"].tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_array_equal(told["ring_bad_share"], [np.nan, np.nan, np.nan, 1, 0.5])
    came = arrivals(lead("r", 0, refused=1.0), lead("s", 0, refused=0.0), lead("t", 1))
    told = ring_features(links(*on_one("device", "D", "rst")), came)
    assert told["ring_n_refused"].tolist() == [0, 0, 1]
    np.testing.assert_array_equal(told["ring_refused_share"], [np.nan, np.nan, 0.5])


def test_a_leads_own_outcome_never_enters() -> None:
    came = arrivals(lead("a", 0, bad=1.0, known=0, refused=1.0), lead("b", 5))
    told = ring_features(links(*on_one("device", "D", "ab")), came)
    assert told.loc[0, ["ring_n_bad", "ring_n_refused"]].tolist() == [0, 0]


def test_leads_of_one_day_do_not_know_each_other_but_the_day_as_a_whole_does() -> None:
    came = arrivals(lead("a", 0), lead("b", 4), lead("c", 4), lead("d", 4))
    told = ring_features(links(*on_one("device", "D", "abc"), *on_one("address", "A", "cd")), came)
    assert told["ring_size"].tolist() == [1, 2, 2, 1]
    assert told["ring_device_people"].tolist() == [1, 2, 2, 0]
    assert told["ring_day_size"].tolist() == [1, 4, 4, 4]


def test_a_dormitory_is_no_ring_once_it_is_known_to_be_one() -> None:
    came = arrivals(*(lead(name, day) for day, name in enumerate("abcdef")))
    shared = links(*on_one("address", "A", "abcdef"), *on_one("device", "D", "af"))
    told = ring_features(shared, came, settings=RingSettings(hub_people=3))
    assert told["ring_size"].tolist() == [1, 2, 3, 4, 1, 2]
    assert told["ring_address_people"].tolist() == [1, 2, 3, 4, 5, 6]


def test_colleagues_are_no_ring_but_owners_of_one_company_are() -> None:
    came = arrivals(lead("e", 0), lead("f", 1), lead("o", 2), lead("p", 3))
    company = [("e", "employee"), ("f", ""), ("o", "owner"), ("p", "director")]
    told = ring_features(links(*((name, "company", "C", role) for name, role in company)), came)
    assert told["ring_size"].tolist() == [1, 1, 1, 2]
    assert told["ring_company_people"].tolist() == [1, 2, 3, 4]
    assert told["ring_is_owner"].tolist() == [0, 0, 1, 1]


def test_a_companys_mark_comes_from_its_owner_and_from_the_day_it_is_known() -> None:
    came = arrivals(
        lead("e", 0, refused=1.0),
        lead("o", 1, bad=1.0, known=5),
        lead("x", 5),
        lead("y", 6),
    )
    company = [("e", "employee"), ("o", "owner"), ("x", "employee"), ("y", "employee")]
    told = ring_features(links(*((name, "company", "C", role) for name, role in company)), came)
    assert told["ring_owner_bad"].tolist() == [0, 0, 0, 1]


def test_an_owner_who_went_bad_before_the_company_marks_it_from_the_day_the_owner_shows() -> None:
    came = arrivals(lead("o1", 0, person="O", refused=1.0), lead("x", 2), lead("o2", 3, person="O"), lead("y", 4))
    company = [("x", "employee"), ("o2", "owner"), ("y", "employee")]
    told = ring_features(links(*((name, "company", "C", role) for name, role in company)), came)
    assert told["ring_owner_bad"].tolist() == [0, 0, 0, 1]


def test_rows_without_a_date_are_known_to_the_last_day_only_and_know_nothing_themselves() -> None:
    came = arrivals(lead("u", None, bad=1.0, refused=0.0), lead("a", 3), lead("b", 9))
    told = ring_features(links(*on_one("device", "D", "uab")), came)
    np.testing.assert_array_equal(told["ring_size"], [np.nan, 1, 3])
    np.testing.assert_array_equal(told["ring_n_bad"], [np.nan, 0, 1])
    np.testing.assert_array_equal(told["ring_leads_30d"], [np.nan, 0, 1])
    assert told.iloc[0].isna().all()


def test_where_history_has_no_dates_the_leads_see_it_as_one_earlier_batch() -> None:
    came = arrivals(lead("u", None, bad=1.0), lead("v", None, bad=0.0), lead("a", 0), lead("b", 0))
    told = ring_features(links(*on_one("device", "D", "uvab")), came)
    np.testing.assert_array_equal(told["ring_size"], [np.nan, np.nan, 3, 3])
    np.testing.assert_array_equal(told["ring_bad_share"], [np.nan, np.nan, 0.5, 0.5])


def test_columns_of_what_nobody_knows_are_left_out() -> None:
    told = ring_features(links(*on_one("card", "K", "ab")), arrivals(lead("a", 0), lead("b", 1)))
    assert list(told) == [
        "ring_leads_7d",
        "ring_leads_30d",
        "ring_size",
        "ring_channels",
        "ring_day_size",
        "ring_card_people",
    ]


def test_links_that_name_no_lead_leave_everybody_alone() -> None:
    told = ring_features(links(("stranger", "device", "D")), arrivals(lead("a", 0), lead("b", 1)))
    assert told["ring_size"].tolist() == [1, 1]
    assert ring_features(links(), arrivals(lead("a", 0)))["ring_size"].tolist() == [1]


def test_a_hub_needs_more_people_than_a_pair() -> None:
    with pytest.raises(BadInput, match="hub_people is 1; give at least 2"):
        RingSettings(hub_people=1)


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


# Arrivals, by what the tables say


def past(rows: Sequence[tuple[str, str | None, float, float, float, float]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["lead_id", "contacted_on", "booked", "applied", "approved", "bad"])
    return frame.assign(channel="web", contacted_on=pd.to_datetime(frame["contacted_on"]).astype("datetime64[us]"))


LEADS = pd.DataFrame({"lead_id": ["x"], "channel": ["web"]})


def test_history_arrives_on_its_contact_and_leads_today() -> None:
    history = past(
        [("a", "2026-01-05", 1, 1, 1, 1), ("b", "2026-01-06", 0, 1, 0, np.nan), ("c", None, 0, 0, 0, np.nan)]
    )
    came = arrivals_of(history, LEADS, today=TODAY, maturity_days=30)
    assert came["lead_id"].tolist() == ["a", "b", "c", "x"]
    assert came["arrived_on"].tolist()[:2] == [pd.Timestamp("2026-01-05"), pd.Timestamp("2026-01-06")]
    assert came["arrived_on"].isna().tolist() == [False, False, True, False]
    assert came["arrived_on"].iloc[3] == pd.Timestamp(TODAY)
    assert came["bad_known_on"].iloc[0] == pd.Timestamp("2026-02-04")
    np.testing.assert_array_equal(came["refused"], [0, 1, np.nan, np.nan])


def test_the_day_it_went_bad_counts_where_history_has_it() -> None:
    history = past([("a", "2026-01-05", 1, 1, 1, 1), ("b", "2026-01-05", 1, 1, 1, 0)])
    history["bad_on"] = pd.to_datetime(["2026-01-20", None]).astype("datetime64[us]")
    known = arrivals_of(history, LEADS, today=TODAY, maturity_days=30)["bad_known_on"]
    assert known.tolist()[:2] == [pd.Timestamp("2026-01-20"), pd.Timestamp("2026-02-04")]


def test_a_history_of_four_columns_is_enough() -> None:
    history = pd.DataFrame({"lead_id": ["a"], "channel": ["web"], "offer": ["control"], "booked": [0.0]})
    came = arrivals_of(history, LEADS, today=TODAY, maturity_days=30)
    assert came["arrived_on"].isna().tolist() == [True, False]
    told = ring_features(links(*on_one("device", "D", "ax")), came)
    np.testing.assert_array_equal(told["ring_size"], [np.nan, 2])


@pytest.mark.parametrize(
    ("labelled_ages", "open_ages", "days"),
    [
        ([90, 80, 60], [10, 50], 60),
        ([90, 80, 20], [], 20),
        ([400, 300], [], 180),
        ([], [10, 20], 180),
        ([90, 80, 10], [20, 30, 60], 80),  # one label came early
    ],
)
def test_maturity_is_the_age_that_parts_known_labels_from_open_ones(
    labelled_ages: list[int], open_ages: list[int], days: int
) -> None:
    ages = [*labelled_ages, *open_ages]
    known = [0.0] * len(labelled_ages) + [np.nan] * len(open_ages)
    contacted = [str((pd.Timestamp(TODAY) - pd.Timedelta(days=age)).date()) for age in ages]
    history = past([(str(i), day, 1, 1, 1, bad) for i, (day, bad) in enumerate(zip(contacted, known, strict=True))])
    assert estimate_maturity_days(history, today=TODAY) == days


def test_maturity_is_the_default_without_dates_or_labels() -> None:
    history = past([("a", "2026-01-05", 1, 1, 1, 1)])
    assert estimate_maturity_days(history.drop(columns="contacted_on"), today=TODAY) == 180
    assert estimate_maturity_days(history.drop(columns="bad"), today=TODAY) == 180

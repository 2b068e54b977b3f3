"""Rings as they were known on the day a lead arrived, and nothing that came later."""

import numpy as np
import pytest

from acquire.errors import BadInput
from acquire.prefilter.fraud import RingSettings, ring_features
from tests.acquire.prefilter.ring_rows import arrivals, lead, links, on_one


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

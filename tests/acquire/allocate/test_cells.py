"""Groups in place of leads: means of what their leads bring, as large as what their leads stand for."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.allocate.cells import group_options
from acquire.allocate.solve import allocate
from acquire.domain import Channel, Limits, Objective
from tests.acquire.allocate.builders import make_options

ACCOUNTS = Objective(maximise="incremental_accounts")
FEED = (Channel(channel="feed", partner="acme"),)


def test_a_cell_brings_per_contact_what_its_leads_bring_on_average() -> None:
    options = replace(make_options([1.0, 3.0, 10.0], spend=[1.0, 2.0, 5.0]), size=np.array([1.0, 3.0, 4.0]))
    cells = group_options(options, np.array([0, 0, 1]), 2)
    assert cells.gain.tolist() == [2.5, 10.0]
    assert cells.spend.tolist() == [1.75, 5.0]
    assert cells.size is not None
    assert cells.size.tolist() == [4.0, 4.0]
    assert cells.person.tolist() == [0, 1]


def test_a_lead_with_two_offers_is_one_arrival() -> None:
    options = make_options([1.0, 2.0, 3.0])
    two = replace(
        options, lead=np.array([0, 0, 1]), person=np.array([0, 0, 1]), offer=np.array([0, 1, 1]), offer_names=("a", "b")
    )
    cells = group_options(two, np.zeros(3, dtype=np.int64), 1)
    assert cells.size is not None
    assert cells.size.tolist() == [2.0, 2.0]
    assert cells.gain.tolist() == [1.0, 2.5]
    assert cells.person.tolist() == [0, 0]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0.1, 5), min_size=4, max_size=12), st.floats(1, 8))
def test_with_one_lead_per_cell_the_shares_are_those_of_the_leads(gains: list[float], budget: float) -> None:
    n = len(gains)
    weighted = replace(make_options(gains), size=np.full(n, 1.5))
    cells = group_options(weighted, np.arange(n), n)
    ours, theirs = (allocate(table, Limits(budget=budget), FEED, ACCOUNTS) for table in (cells, weighted))
    assert ours.certificate.objective == pytest.approx(theirs.certificate.objective, rel=1e-9)


def test_a_cell_of_leads_from_two_regions_has_none() -> None:
    cells = group_options(make_options([1.0, 1.0], region=["home", "far"]), np.zeros(2, dtype=np.int64), 1)
    assert cells.region.tolist() == [-1]

"""Price tiers as columns and rows: what a number of contacts costs, and what a channel that is held in a span may have."""

from dataclasses import replace

import numpy as np
import pytest

from acquire.allocate.tiers import Span, span_rows, tier_charges, tier_row
from acquire.domain import Channel, PriceTier
from tests.acquire.allocate.builders import make_options

FEED = Channel(
    channel="feed",
    partner="acme",
    cost_per_contact=1.0,
    rebate_share=0.5,
    price_tiers=(
        PriceTier(from_contacts=2, cost_per_contact=2.0),
        PriceTier(from_contacts=4, cost_per_contact=5.0),
    ),
)
OPTIONS = make_options([1.0] * 6)
CHARGES = tuple(tier_charges(FEED, 6.0))


def test_each_tier_costs_its_rise_less_the_rebate_and_is_as_wide_as_its_contacts() -> None:
    assert [(c.begins_at, c.spend, c.size) for c in CHARGES] == [(2, 0.5, 2), (4, 2, 2)]
    assert [c.size for c in tier_charges(FEED, 4.5)] == [2, 0.5]
    assert [c.begins_at for c in tier_charges(FEED, 4.0)] == [2]
    assert list(tier_charges(replace(FEED, price_tiers=()), 6.0)) == []


def test_contacts_beyond_the_first_tier_are_paid_in_a_tier() -> None:
    row = tier_row(OPTIONS, CHARGES, "feed")
    five = np.r_[np.ones(5), 0.0]
    assert row.excess(np.r_[five, 2.0, 1.0]) == pytest.approx(0)
    assert row.excess(np.r_[five, 2.0, 0.0]) == pytest.approx(1)


def test_a_channel_that_is_held_in_a_span_has_no_fewer_and_no_more_contacts() -> None:
    rows = {row.name: row for row in span_rows(OPTIONS, CHARGES, "feed", Span(least=2, most=4))}
    assert set(rows) == {"price_tiers_from[feed]", "price_tiers_to[feed]", "price_tiers_exact[feed]"}
    three, one, five = (np.r_[np.ones(n), np.zeros(6 - n), 0.0, 0.0] for n in (3, 1, 5))
    assert rows["price_tiers_from[feed]"].excess(one) == pytest.approx(1)
    assert rows["price_tiers_to[feed]"].excess(five) == pytest.approx(1)
    assert all(rows[name].excess(three) < 0 for name in ("price_tiers_from[feed]", "price_tiers_to[feed]"))
    # In one tier what is paid there is known: three contacts pay one of it, not more.
    paid = np.r_[np.ones(3), np.zeros(3), 1.5, 0.0]
    assert rows["price_tiers_exact[feed]"].excess(paid) == pytest.approx(0.5)


def test_a_span_over_a_step_leaves_open_what_is_paid() -> None:
    names = [row.name for row in span_rows(OPTIONS, CHARGES, "feed", Span(least=0, most=np.inf))]
    assert names == []
    assert [row.name for row in span_rows(OPTIONS, CHARGES, "feed", Span(least=2, most=6))] == [
        "price_tiers_from[feed]",
        "price_tiers_to[feed]",
    ]


def test_a_span_fills_the_tiers_before_it_and_closes_those_after_it() -> None:
    first, second = CHARGES
    held = Span(least=4, most=6)
    assert (held.fills(first), held.closes(first), held.fills(second), held.closes(second)) == (
        True,
        False,
        False,
        False,
    )
    below = Span(least=0, most=2)
    assert below.closes(first)
    assert below.closes(second)

"""The price_tiers table: what stops a plan, and what a channel charges."""

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Channel, PriceTier
from acquire.errors import BadInput
from tests.acquire.ingest.conftest import SmallMarket


def with_tiers(market: SmallMarket, **columns: list[object]) -> SmallMarket:
    path = Path(market.folder) / "price_tiers.csv"
    pd.DataFrame(columns).to_csv(path, index=False)
    market.files["price_tiers"] = path
    return market


def test_each_channel_gets_its_tiers_in_rising_order(market: SmallMarket) -> None:
    tables = with_tiers(market, channel=["phone", "phone"], from_contacts=[500, 100], cost_per_contact=[3, 1.5]).read()
    web, phone = tables.channels
    assert web.price_tiers == ()
    assert phone.price_tiers == (
        PriceTier(from_contacts=100, cost_per_contact=1.5),
        PriceTier(from_contacts=500, cost_per_contact=3),
    )
    assert "price_tiers" in tables.hashes


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ({"channel": ["web"], "from_contacts": [5]}, "has no column cost_per_contact"),
        (
            {"channel": ["web"], "from_contacts": [5], "cost_per_contact": [1], "price": [1]},
            "has the unknown column price",
        ),
        (
            {"channel": ["webb"], "from_contacts": [5], "cost_per_contact": [1]},
            "names webb, which the channels table lacks; did you mean web?",
        ),
        ({"channel": [None], "from_contacts": [5], "cost_per_contact": [1]}, "channel is empty in row 1"),
        ({"channel": ["web"], "from_contacts": [None], "cost_per_contact": [1]}, "from_contacts is empty in row 1"),
        ({"channel": ["web"], "from_contacts": ["few"], "cost_per_contact": [1]}, "from_contacts is 'few' in row 1"),
        ({"channel": ["web"], "from_contacts": [1.5], "cost_per_contact": [1]}, "is 1.5; give a whole number"),
        ({"channel": ["web"], "from_contacts": [-1], "cost_per_contact": [1]}, "finite number that is not negative"),
        (
            {"channel": ["web", "web"], "from_contacts": [5, 5], "cost_per_contact": [1, 2]},
            "begin at 5 and then at 5 contacts",
        ),
        (
            {"channel": ["web", "web"], "from_contacts": [5, 9], "cost_per_contact": [2, 1]},
            "price tiers of channel web fall from 2 to 1 per contact",
        ),
        ({"channel": ["phone"], "from_contacts": [5], "cost_per_contact": [0.9]}, "channel phone fall from 1 to 0.9"),
    ],
)
def test_anything_wrong_in_the_tiers_stops_in_one_line(
    market: SmallMarket, columns: dict[str, list[object]], line: str
) -> None:
    with pytest.raises(BadInput, match=r"price_tiers\.csv") as caught:
        with_tiers(market, **columns).read()
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pencil_adds_up_what_a_used_channel_charges() -> None:
    channel = Channel(
        channel="feed",
        partner="north",
        cost_per_contact=1.0,
        rebate_share=0.1,
        fixed_cost=50.0,
        price_tiers=(
            PriceTier(from_contacts=10, cost_per_contact=2.0),
            PriceTier(from_contacts=20, cost_per_contact=4.0),
        ),
    )
    assert channel.once_used(0) == 0
    assert channel.once_used(10) == 50
    assert channel.once_used(25) == pytest.approx(50 + 0.9 * (10 * 1 + 5 * 3))


@given(st.lists(st.floats(0, 5), min_size=1, max_size=5), st.integers(0, 60))
def test_the_next_contact_never_costs_less_than_the_one_before(rises: list[float], contacts: int) -> None:
    prices = [sum(rises[: k + 1]) for k in range(len(rises))]
    tiers = tuple(PriceTier(from_contacts=10 * k, cost_per_contact=price) for k, price in enumerate(prices))
    channel = Channel(channel="feed", partner="north", price_tiers=tiers)
    first, second, third = (channel.once_used(contacts + k) for k in range(3))
    assert third - second >= second - first - 1e-9
    paid = sum(max((p for s, p in zip(range(0, 60, 10), prices, strict=False) if n >= s)) for n in range(contacts))
    assert first == pytest.approx(paid, abs=1e-9)


def test_a_minimum_above_the_most_a_channel_may_cost_is_wrong_on_sight() -> None:
    with pytest.raises(BadInput, match="min_spend_if_used of channel feed is 9, above its max_spend 5"):
        Channel(channel="feed", partner="north", min_spend_if_used=9, max_spend=5)

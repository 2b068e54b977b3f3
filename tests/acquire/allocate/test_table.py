"""The column table: which lead may get which offer, and what one contact of each counts for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from acquire.allocate.options import Options
from acquire.allocate.table import build_options
from acquire.domain import Channel, Correction, Objective, Offer
from acquire.scored import Scored

CHANNELS = (
    Channel(channel="feed", partner="Acme", affiliate_group="family"),
    Channel(channel="mail", partner="Post"),
    Channel(channel="calls", partner="Acme"),
)
OFFERS = (Offer(offer="coupon"), Offer(offer="rate_cut", channels=frozenset({"feed"})))
VALUE = Objective(maximise="incremental_value")


def leads(*channels: str) -> pd.DataFrame:
    return pd.DataFrame({"lead_id": [f"L{i}" for i in range(len(channels))], "channel": list(channels)})


def scores(n: int) -> Scored:
    """Control books .1; the coupon .3, the rate cut .5; a fifth of the bookings go bad; amounts are 1,000."""
    pair = np.ones((n, 1)) * np.array([[0.3, 0.5]])
    return Scored(
        offers=("coupon", "rate_cut"),
        p_control=np.full(n, 0.1),
        p_booked=pair,
        p_bad=np.full((n, 2), 0.2),
        p_bad_control=np.full(n, 0.25),
        bad_loadings=np.full((2, n, 1), 0.02),
        bad_lean=np.zeros(2),
        fixed_cost=np.full((n, 2), 1.0),
        cost_per_booking=np.full((n, 2), 10.0),
        revenue=np.full((n, 2), 100.0),
        revenue_control=np.full(n, 120.0),
        loss_given_bad=np.full(n, 400.0),
        amount=np.full(n, 1_000.0),
        p_approved=np.full((n, 2), 0.6),
    )


def build(
    frame: pd.DataFrame,
    *,
    objective: Objective = VALUE,
    eligible: list[bool] | None = None,
    correction: Correction | None = None,
    groups: tuple[str, ...] = (),
) -> Options:
    allowed = np.ones(len(frame), dtype=bool) if eligible is None else np.array(eligible)
    return build_options(
        frame, scores(len(frame)), CHANNELS, OFFERS, objective, eligible=allowed, groups=groups, correction=correction
    )


def pairs(options: Options) -> list[tuple[int, str]]:
    return [(int(lead), options.offer_names[offer]) for lead, offer in zip(options.lead, options.offer, strict=True)]


def test_an_offer_is_listed_only_in_the_channels_where_it_may_be_used() -> None:
    assert pairs(build(leads("feed", "mail"))) == [(0, "coupon"), (0, "rate_cut"), (1, "coupon")]


def test_leads_that_may_not_be_contacted_are_absent() -> None:
    assert pairs(build(leads("feed", "mail"), eligible=[False, True])) == [(1, "coupon")]


def test_leads_of_a_channel_that_is_not_listed_are_absent() -> None:
    assert pairs(build(leads("billboard", "mail"))) == [(1, "coupon")]


def test_channel_partner_and_affiliates_stand_beside_each_option() -> None:
    options = build(leads("mail", "calls", "feed"))

    assert [options.channel_names[code] for code in options.channel] == ["mail", "calls", "feed", "feed"]
    assert [options.partner_names[code] for code in options.partner] == ["Post", "Acme", "Acme", "Acme"]
    assert options.affiliate_names == ("family",)
    assert options.affiliate.tolist() == [-1, -1, 0, 0]


def test_a_person_is_one_person_in_every_channel() -> None:
    person = pd.Series(["ann", "ann", None, None], dtype="str")

    options = build(leads("mail", "calls", "mail", "calls").assign(person_id=person))

    assert options.person[0] == options.person[1]
    assert len(set(options.person)) == 3


def test_without_person_ids_every_lead_is_a_person() -> None:
    assert build(leads("mail", "mail")).person.tolist() == [0, 1]


def test_regions_and_groups_are_read_from_the_leads() -> None:
    region = pd.Series(["north", None, "home"], dtype="str")

    options = build(
        leads("mail", "mail", "mail").assign(region=region, first_loan=[1.0, 0.0, np.nan]), groups=("first_loan",)
    )

    assert options.region_names == ("home", "north")
    assert options.region.tolist() == [1, -1, 0]
    assert options.groups["first_loan"].tolist() == [True, False, False]


def test_the_figures_of_one_contact_by_pencil() -> None:
    options = build(leads("mail"))

    assert options.booked.tolist() == [0.3]
    assert options.incremental == pytest.approx([0.2])
    assert options.spend == pytest.approx([1 + 0.3 * 10])
    assert options.value == pytest.approx([0.3 * 100 - 0.1 * 120 - 4])
    assert options.bad == pytest.approx([0.06])
    assert options.incremental_bad == pytest.approx([0.06 - 0.1 * 0.25])
    assert options.amount == pytest.approx([300])
    assert options.bad_amount == pytest.approx([60])
    assert options.approvals.tolist() == [0.6]
    assert options.bad_loadings == pytest.approx(np.array([[0.3 * 0.02]]))
    assert options.value == pytest.approx(scores(1).value[0, :1])


@pytest.mark.parametrize(
    ("objective", "figure"),
    [
        (VALUE, "value"),
        (Objective(maximise="incremental_accounts"), "incremental"),
        (Objective(minimise="spend"), "spend"),
    ],
)
def test_gain_counts_what_the_plan_is_for(objective: Objective, figure: str) -> None:
    options = build(leads("feed", "mail"), objective=objective)

    sign = -1 if figure == "spend" else 1
    assert options.gain.tolist() == (sign * getattr(options, figure)).tolist()


def test_a_correction_scales_the_totals_it_names() -> None:
    plain = build(leads("feed", "mail"))
    dearer = Correction(booked=0.9, incremental=0.8, bad=1.2, per_booking=1.1)
    corrected = build(leads("feed", "mail"), correction=dearer)

    assert corrected.booked == pytest.approx(0.9 * plain.booked)
    assert corrected.incremental == pytest.approx(0.8 * plain.incremental)
    assert corrected.bad == pytest.approx(1.2 * plain.bad)
    assert corrected.amount == pytest.approx(0.9 * plain.amount)
    assert corrected.spend == pytest.approx(1 + 0.9 * plain.booked * 11)


def test_a_corrected_contact_is_worth_its_corrected_figures_by_pencil() -> None:
    value = build(leads("mail"), correction=Correction(booked=0.9, incremental=0.8, bad=1.2)).value

    # Booked .27, extra .16, so .11 would come anyway; bads .072 instead of a fifth of .27: each one more costs 400.
    assert value == pytest.approx([0.27 * 100 - (0.072 - 0.054) * 400 - 0.11 * 120 - (1 + 2.7)])


def test_without_a_bad_label_bads_are_unknown_and_the_value_is_not() -> None:
    unknown = replace(
        scores(1), p_bad=np.full((1, 2), np.nan), p_bad_control=np.full(1, np.nan), loss_given_bad=np.zeros(1)
    )

    options = build_options(
        leads("mail"),
        unknown,
        CHANNELS,
        OFFERS,
        VALUE,
        eligible=np.ones(1, dtype=bool),
        correction=Correction(booked=0.9),
    )

    assert np.isnan([*options.bad, *options.incremental_bad, *options.bad_amount]).all()
    assert np.isfinite(options.value).all()

"""Leads of whom history cannot tell what an offer changes: not ranked, not contacted, counted and said."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Correction, Limits
from acquire.ingest.market import Market as MadeMarket
from acquire.ingest.market import MarketSpec, make_market
from acquire.uplift.balance import FeatureBalance, OfferOverlap
from campaigns.choice import Market, choose
from campaigns.decisions import NO_OFFER, make_decisions
from campaigns.evidence import compare_policies, judge_offers
from campaigns.held_out import HeldOut
from campaigns.overlaps import NO_OVERLAP, lacks_overlap, overlap_warnings
from campaigns.plan_document import PlanDocument
from tests.campaigns import small_plan
from tests.campaigns.small_plans import Planned, check_files_are_complete, check_limits_hold, plan
from tests.confounded_market import ARMS, NEVER_CONTACTED_FROM_AGE, write_confounded_market

SPEC = MarketSpec(n_history=5_000, n_leads=1_000, ends_on=date(2025, 12, 31))


@pytest.fixture(scope="module")
def made() -> MadeMarket:
    return make_market(SPEC, np.random.default_rng(7))


@pytest.fixture(scope="module")
def planned(made: MadeMarket, tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """A plan on a history in which a desk decided: to nobody from the age of 50 did it ever write."""
    folder = tmp_path_factory.mktemp("confounded")
    plan_file = write_confounded_market(folder / "market", made, np.random.default_rng(1))
    return plan(plan_file, folder)


def market_of(ranked: list[list[bool]], **settings: object) -> Market:
    """Leads ranked for these offers (coupon, rate cut); even rows are feed, odd rows mail, where only the coupon may be used."""
    scored = replace(small_plan.make_scores(len(ranked)), overlaps=np.array(ranked))
    return small_plan.make_market(len(ranked), scored=scored, **settings)  # type: ignore[arg-type]


def held_out_without_overlap(n: int, *, for_offer: int = 0) -> HeldOut:
    """A history of which the first half cannot tell what one offer changes."""
    held_out = small_plan.make_held_out(n)
    covered = np.ones((n, 2), dtype=bool)
    covered[: n // 2, for_offer] = False
    assignment = replace(held_out.assignment, in_overlap=covered, how="estimated propensity")
    return replace(held_out, assignment=assignment, scored=replace(held_out.scored, overlaps=covered))


def test_a_lead_gets_only_offers_of_which_history_can_tell() -> None:
    market = market_of([[True, True], [True, True], [False, True], [True, False]])

    options = market.options(np.ones(4, dtype=bool), Correction())

    assert list(zip(options.lead.tolist(), options.offer.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 0),
        (2, 1),
        (3, 0),
    ]


def test_who_is_left_without_an_offer_is_held_for_lack_of_overlap_and_shown_no_scores() -> None:
    market = market_of([[True, True], [True, True], [False, False], [False, True]])
    screened = pd.DataFrame(
        {"lead_id": market.leads["lead_id"], "decision": "pass", "reason": pd.Series([None] * 4, dtype="str")}
    )

    decided = make_decisions(market.leads, screened, market, small_plan.make_choice(market))

    # The fourth comes by mail, where only the coupon may be used.
    assert lacks_overlap(market.leads, market.scored, market.channels, market.offers).tolist() == [
        False,
        False,
        True,
        True,
    ]
    assert decided["decision"].tolist() == ["contact", "contact", "hold", "hold"]
    assert decided["reason"].tolist()[2:] == [NO_OVERLAP, NO_OVERLAP]
    for what in ("p_booked", "uplift", "spend"):
        assert decided[f"{what}_coupon"].isna().tolist() == [False, False, True, True]
        assert decided[f"{what}_rate_cut"].isna().tolist() == [False, False, True, False]
    assert decided["p_booked_control"].notna().all()
    assert decided["p_bad"].notna().all()


def test_a_channel_where_no_offer_may_be_used_is_not_a_lack_of_overlap() -> None:
    market = market_of([[True, True], [False, True]])
    only_feed = tuple(replace(offer, channels=frozenset({"feed"})) for offer in market.offers)
    market = replace(market, offers=only_feed)
    screened = pd.DataFrame(
        {"lead_id": market.leads["lead_id"], "decision": "pass", "reason": pd.Series([None] * 2, dtype="str")}
    )

    decided = make_decisions(market.leads, screened, market, small_plan.make_choice(market))

    assert decided["reason"].tolist()[1] == NO_OFFER


def test_history_judges_an_offer_only_where_it_can_tell() -> None:
    held_out = held_out_without_overlap(12_000)
    # Whatever the first half says of the coupon must not count.
    held_out.booked[:6_000, 1] += 0.5

    coupon, _ = judge_offers(held_out, seed=1)

    assert coupon.average_effect.low < 0.10 < coupon.average_effect.high
    assert coupon.qini is None


def test_an_offer_of_which_history_can_tell_nothing_has_no_evidence() -> None:
    held_out = held_out_without_overlap(1_000)
    held_out.assignment.covered[:, 0] = False

    coupon, rate_cut = judge_offers(held_out, seed=1)

    assert np.isnan(coupon.average_effect.expected)
    assert not coupon.has_evidence
    assert np.isfinite(rate_cut.average_effect.expected)


def test_policies_contact_nobody_of_whom_history_cannot_tell() -> None:
    held_out = held_out_without_overlap(4_000)
    market = small_plan.make_market(limits=Limits(budget=300.0))

    rng = np.random.default_rng(1)
    values = {v.policy: v for v in compare_policies(held_out, market, small_plan.make_choice(market), rng)}

    assert values["everybody: coupon"].contacts.expected == pytest.approx(500)
    assert values["everybody: rate_cut"].contacts.expected == pytest.approx(1_000)
    assert values["random, as many contacts"].contacts.expected == pytest.approx(values["plan"].contacts.expected)


def test_the_plan_follows_its_own_rule_where_history_can_tell_only() -> None:
    held_out = held_out_without_overlap(3_000)
    market = market_of([[i % 2 == 0, True] for i in range(400)], limits=Limits(budget=300.0), control_share=0.1)

    choice = choose(market, held_out)

    at = choice.allocation.chosen
    assert len(at)
    assert market.scored.ranked[choice.options.lead[at], choice.options.offer[at]].all()


def line(after: float, *, effective: float = 5_000.0, leads: int = 0) -> OfferOverlap:
    return OfferOverlap(
        offer="coupon",
        n=6_000,
        n_control=6_000,
        effective_n=effective,
        effective_n_control=effective,
        share_clipped=0.0,
        ranked_from=0.1,
        ranked_to=0.9,
        share_without_overlap=0.0,
        leads_not_ranked=leads,
        balance=(FeatureBalance(feature="age", before=0.8, after=after),),
    )


def test_what_weighting_leaves_apart_is_said_unless_chance_explains_it() -> None:
    nobody = pd.DataFrame({"reason": ["CHOSEN"]})

    def warnings(one: OfferOverlap, *, randomised: bool = False) -> tuple[str, ...]:
        return overlap_warnings((one,), nobody, n_leads=10, randomised=randomised)

    assert warnings(line(0.05)) == ()
    [said] = warnings(line(0.3))
    assert "coupon: after weighting" in said
    assert "0.30 standard deviations apart in age" in said
    # Two groups of 50 are .2 apart by chance alone.
    assert warnings(line(0.3, effective=50.0)) == ()
    assert warnings(line(float("nan"))) == ()
    assert warnings(line(0.3), randomised=True) == ()


def test_nobody_whom_the_desk_never_wrote_to_is_contacted_or_kept_as_a_control(planned: Planned) -> None:
    decided = planned.decisions.merge(planned.leads[["lead_id", "age"]], on="lead_id")
    old = decided[decided["age"] >= NEVER_CONTACTED_FROM_AGE + 1]
    asked = old[old["decision"] != "refuse"]

    assert len(asked) > 50
    assert set(asked["decision"]) == {"hold"}
    assert set(asked["reason"]) == {NO_OVERLAP}
    assert asked[[f"uplift_{arm}" for arm in ARMS[1:]]].isna().all(axis=None)
    young = decided[decided["age"] < NEVER_CONTACTED_FROM_AGE - 1]
    assert (young["reason"] == NO_OVERLAP).mean() < 0.02
    assert (young["decision"] == "contact").sum() > 20


def test_the_plan_says_who_is_not_ranked_and_how_comparable_history_is(planned: Planned) -> None:
    check_files_are_complete(planned)
    check_limits_hold(planned)
    evidence = planned.document.evidence
    held = sum(count.leads for count in planned.document.decisions if count.reason == NO_OVERLAP)

    assert evidence.assignment == "estimated propensity"
    assert all(offer.qini is None for offer in evidence.offers)
    assert any(
        w.startswith(f"{held:,} leads are not ranked and not contacted (NO_OVERLAP)") for w in planned.document.warnings
    )
    assert [one.offer for one in evidence.overlap] == list(ARMS[1:])
    for one in evidence.overlap:
        assert one.leads_not_ranked >= held
        assert 0.09 < one.share_without_overlap < 0.4
        assert one.largest_before > 0.5
        assert one.worst_after is not None
        assert one.worst_after.after < 0.35 * one.largest_before
        assert one.effective_n < one.n
    assert PlanDocument.from_json(planned.document.to_json()).evidence.overlap == evidence.overlap
    report = (planned.out / "report.html").read_text(encoding="utf-8")
    assert "Can those with an offer and those without be compared?" in report
    assert "refused: offers were not given at random" in report

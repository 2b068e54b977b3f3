"""What history shows, as report and dashboard say it: both name the same figures in the same words."""

import dataclasses
import json
import math

import pytest

from acquire.domain import Estimate
from acquire.uplift.balance import FeatureBalance, OfferOverlap
from acquire.uplift.both_sides import EVERY, BothSides
from campaigns.plan_document import Evidence, PlanDocument
from campaigns.report_evidence import overlap_table, say_source
from campaigns.report_page import render_report
from dashboards.pages.plan_evidence import evidence as evidence_page
from tests.campaigns.plan_documents import sample_plan

OVERLAP = OfferOverlap(
    offer="coupon",
    n=12_000,
    n_control=11_800,
    effective_n=9_120.4,
    effective_n_control=8_700.0,
    share_clipped=0.013,
    ranked_from=0.1,
    ranked_to=0.9,
    share_without_overlap=0.081,
    leads_not_ranked=431,
    balance=(
        FeatureBalance(feature="bureau_score", before=0.61, after=0.04),
        FeatureBalance(feature="age", before=0.22, after=0.07),
    ),
)


def side(channel: str) -> BothSides:
    return BothSides(
        offer="coupon",
        channel=channel,
        n=12_000,
        extra_booked=Estimate(expected=75.2, low=70.1, high=80.3),
        extra_bad=Estimate(expected=18.4, low=15.0, high=21.8),
        incremental_bad_rate=Estimate(expected=0.245, low=0.205, high=0.285),
    )


def with_evidence(**changes: object) -> PlanDocument:
    plan = sample_plan()
    return dataclasses.replace(plan, evidence=dataclasses.replace(plan.evidence, **changes))  # type: ignore[arg-type]


def beyond(*figures: tuple[float, float]) -> PlanDocument:
    """A plan whose policies are beaten by these figures, give or take the second."""
    policies = sample_plan().evidence.policies
    known = tuple(
        dataclasses.replace(one, plan_beyond=Estimate(expected=by, low=by - half, high=by + half))
        for one, (by, half) in zip(policies, figures, strict=True)
    )
    return with_evidence(policies=known)


def both(plan: PlanDocument) -> tuple[str, str]:
    """The report and the page of the dashboard, as the browser gets them."""
    page = json.dumps(
        evidence_page(plan).to_plotly_json(), default=lambda part: part.to_plotly_json(), ensure_ascii=False
    )
    return tuple(" ".join(text.replace("\u00a0", " ").split()) for text in (render_report(plan), page))  # type: ignore[return-value]


def test_what_the_plan_brings_beyond_others_is_told_with_whether_that_is_sure() -> None:
    plan = beyond((0, 0), (21.4, 2.6), (9.3, 4), (-6.6, 3), (1.2, 5))

    for text in both(plan):
        assert "What the plan brings beyond other ways of choosing" in text
        assert text.index("everybody: contact") > 0
        told = text[text.index("Instead of the plan") :]
        assert told.count("the plan brings more") == 2
        assert told.count("the plan brings less") == 1
        assert told.count("cannot be told apart") == 1
        assert "19 to 24" in told


def test_a_plan_that_does_not_know_what_it_brings_beyond_others_shows_no_table_of_it() -> None:
    for text in both(sample_plan()):
        assert "beyond other ways" not in text


def test_overlap_is_shown_with_the_feature_that_is_furthest_apart() -> None:
    for text in both(with_evidence(overlap=(OVERLAP,))):
        assert "Can those with an offer and those without be compared?" in text
        for figure in ("0.610 (bureau_score)", "0.070 (age)", "9,120 of 12,000", "1.3 %", "431"):
            assert figure in text
    assert overlap_table((OVERLAP,)).rows[0][4:7] == ("8,700 of 11,800", "1.3\u00a0%", "8.1\u00a0%")


def test_overlap_of_an_offer_whose_rows_cannot_be_weighted_is_not_known() -> None:
    nothing = dataclasses.replace(OVERLAP, balance=(FeatureBalance(feature="age", before=0.22, after=math.nan),))
    assert overlap_table((nothing,)).rows[0][1:3] == ("0.220 (age)", "not known")
    assert overlap_table((dataclasses.replace(OVERLAP, balance=()),)).rows[0][1:3] == ("not known", "not known")


def test_both_sides_of_a_booking_are_shown_over_all_channels_and_in_each() -> None:
    for text in both(with_evidence(both_sides=(side(EVERY), side("feed")))):
        assert "Both sides of a booking" in text
        assert "75 (70 to 80)" in text
        assert "24.5 % (20.5 % to 28.5 %)" in text
        assert "coupon, feed" in text


@pytest.mark.parametrize(
    ("randomised", "told"), [(True, "not known"), (False, "refused: offers were not given at random")]
)
def test_where_there_is_no_qini_it_says_why(randomised: bool, told: str) -> None:
    offers = tuple(dataclasses.replace(offer, qini=None) for offer in sample_plan().evidence.offers)
    for text in both(with_evidence(offers=offers, randomised=randomised)):
        assert told in text
        assert "0.034" not in text


@pytest.mark.parametrize(
    ("learner", "served", "told"),
    [
        ("x", "compact", "learnt by learner X; a compact model distilled from it scored the leads."),
        ("logistic_t", "learner", "learnt by learner logistic T; its own models scored the leads."),
    ],
)
def test_which_learner_and_which_model_scored_the_leads_is_said_in_words(learner: str, served: str, told: str) -> None:
    for text in both(with_evidence(learner=learner, served=served)):
        assert told in text


def test_a_plan_of_an_earlier_version_does_not_say_who_learnt() -> None:
    shown: Evidence = sample_plan().evidence
    assert "learnt by" not in say_source(shown)
    assert say_source(shown).startswith("Offers were given at random in history (assignment: uniform;")

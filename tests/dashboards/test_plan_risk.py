"""The risk part of the plan page: the tables that the report has, in small, for those who may see the plan."""

import json
from dataclasses import replace

from acquire.domain import Estimate
from acquire.prefilter.comparison import Comparison, RankingFigures
from campaigns.report_page import render_report
from dashboards.access import PLAN
from dashboards.pages.plan_evidence import risk
from tests.campaigns.plan_documents import sample_plan


def shown() -> str:
    """Everything on the page, as the browser gets it."""
    text = json.dumps(risk(sample_plan()).to_plotly_json(), default=lambda part: part.to_plotly_json())
    return text.replace("\\u00a0", " ")


def test_early_signs_and_distance_are_on_the_plan_page() -> None:
    page = shown()
    assert "Bad after first payment missed" in page
    assert "43 of 3,440 labelled bookings were seen" in page
    assert "\\u00b1 9.0 points" in page


def test_figures_of_risk_stand_over_their_intervals() -> None:
    assert "0.745 to 0.779" in shown()


def test_a_plan_without_these_tables_shows_none_of_them() -> None:
    plan = sample_plan()
    assert plan.evidence.risk is not None
    bare = replace(plan.evidence.risk, early_to_late=(), distance=(), intervals=None)
    page = str(risk(replace(plan, evidence=replace(plan.evidence, risk=bare))))
    assert "early signs" not in page
    assert "labelled bookings" not in page


def test_a_plan_ranked_by_the_promoted_challenger_does_not_advise_to_keep_the_scorecard() -> None:
    plan = sample_plan()
    assert plan.evidence.risk is not None
    figures = RankingFigures(auc=0.762, log_loss=0.47, brier=0.139)
    even = Estimate(expected=-0.0003, low=-0.007, high=0.0066)
    compared = Comparison(
        n=3_440, n_bad=757.0, champion=figures, challenger=figures, auc=even, log_loss=even, brier=even
    )
    told = {}
    for champion in ("scorecard", "challenger"):
        evidence = replace(plan.evidence, risk=replace(plan.evidence.risk, challenger=compared, champion=champion))
        ranked = replace(plan, evidence=evidence)
        told[champion] = (str(risk(ranked)), render_report(ranked))
    assert all("Keep the scorecard" in text for text in told["scorecard"])
    assert all("Keep the scorecard" not in text for text in told["challenger"])
    assert all("ranks these leads because a person promoted it" in text for text in told["challenger"])
    assert all("not different beyond chance" in text for text in told["challenger"])


def test_a_partner_may_not_see_the_plan_page() -> None:
    assert "partner" not in PLAN.roles

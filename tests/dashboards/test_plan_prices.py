"""The price sheet on the plan page: every column says what it counts, and a plan without prices says so."""

import json
from dataclasses import replace

from campaigns.plan_document import PlanDocument
from dashboards.pages.plan_prices import prices
from tests.campaigns.compared_plans import with_comparisons
from tests.campaigns.plan_documents import sample_plan


def shown(plan: PlanDocument) -> str:
    """Everything on the page, as the browser gets it."""
    text = json.dumps(prices(plan).to_plotly_json(), default=lambda part: part.to_plotly_json())
    return text.replace("\\u00a0", " ")


def test_prices_stand_under_what_they_are_paid_for() -> None:
    page = shown(with_comparisons())
    assert "Per contact, now" in page
    assert "Per booking, at most" in page
    assert "3 (2 to 4); the limits allow no more" in page
    assert "Solved on a random sample of 40" in page


def test_the_steps_from_today_s_plan_come_first() -> None:
    page = shown(with_comparisons())
    assert page.index("From what runs today to this plan") < page.index("Fair prices")


def test_a_plan_without_prices_says_so() -> None:
    assert "This plan has no price sheet." in shown(replace(sample_plan(), price_sheet=(), waterfall=None))

"""The picture of a frontier, and who may see its page."""

from dataclasses import replace

import httpx

from campaigns.plan_document import PlanDocument
from dashboards.frontier_figure import CHOSEN, HERE, draw_frontier
from dashboards.pages import frontier as page
from tests.campaigns.frontier_documents import CAPS, point, sample_frontier, sample_scenario
from tests.campaigns.plan_documents import sample_plan
from tests.dashboards.conftest import Served
from tests.dashboards.test_access import call, log_in


def texts(component: object) -> str:
    """All words of a component."""
    return str(component)


def test_each_cap_is_a_curve_and_a_point_without_a_plan_is_left_out() -> None:
    figure = draw_frontier(sample_frontier(sample_plan()), None)
    curves = [trace for trace in figure.data if trace.name != HERE]
    assert [trace.name for trace in curves] == [
        "9\u00a0%",
        "10.5\u00a0%",
        "12\u00a0% (in force)",
        "13.8\u00a0%",
        "no cap",
    ]
    assert [len(trace.x) for trace in curves] == [9, 10, 10, 10, 10]
    assert len(CAPS) == 5


def test_the_plan_stands_on_its_curve_and_the_chosen_point_is_ringed() -> None:
    document = sample_frontier(sample_plan())
    traces = {trace.name: trace for trace in draw_frontier(document, point(84_000.0, 0.12)).data}
    assert (traces[HERE].x[0], round(traces[HERE].y[0])) == (60_000, 661)
    assert traces[CHOSEN].x[0] == 84_000


def test_axes_carry_their_units() -> None:
    figure = draw_frontier(sample_frontier(sample_plan()), None)
    assert figure.layout.xaxis.title.text == "Budget, CNY"
    assert figure.layout.yaxis.title.text == "Extra accounts"


def test_a_plan_without_a_frontier_says_how_to_get_one() -> None:
    plan = sample_plan()
    words = texts(page.body(plan, None, (sample_scenario(plan),)))
    assert "No frontier of this plan yet." in words
    assert "more money" in words


def test_a_frontier_without_bad_rates_has_one_curve() -> None:
    document = sample_frontier(sample_plan())
    unknown = tuple(replace(p, max_bad_rate=float("nan")) for p in document.points if p.max_bad_rate == 0.12)
    shown = replace(document, points=unknown, here=replace(document.here, max_bad_rate=float("nan")))
    assert len(draw_frontier(shown, None).data) == 2


def test_a_partner_may_neither_open_the_frontier_nor_call_it_by_hand(served: Served) -> None:
    plan: PlanDocument = sample_plan()
    with httpx.Client(base_url=served.address, headers={"Origin": served.address}) as browser:
        log_in(browser, "paywell")
        assert browser.get("/frontier").status_code == 403
        answer = call(browser, "frontier-body.children", ("frontier-plan", "value", plan.plan_id))
        assert answer.status_code in {401, 403}
        assert "more money" not in answer.text


def test_a_point_that_is_not_on_the_grid_is_not_made_up(served: Served) -> None:
    plan = sample_plan()
    with httpx.Client(base_url=served.address, headers={"Origin": served.address}) as browser:
        log_in(browser, "growth")
        answer = call(
            browser,
            "frontier-picture.children",
            ("frontier-plan", "value", plan.plan_id),
            ("frontier-allowed", "value", "1e9"),
            ("frontier-cap", "value", "__import__('os')"),
        )
        assert answer.status_code == 200
        assert "No plan keeps all limits there." in answer.text

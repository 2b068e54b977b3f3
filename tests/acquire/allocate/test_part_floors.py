"""The least spend for the accounts that a part has to bring: of the plan, the frontier around it, the waterfall to it."""

import numpy as np
import pytest

from acquire.allocate.axes import choose_axes, over_axes
from acquire.allocate.current import judge_today
from acquire.allocate.frontier import trace_frontier
from acquire.allocate.plan_totals import total
from acquire.allocate.posed import Question
from acquire.allocate.solve import allocate
from acquire.allocate.waterfall import Ends, levels
from acquire.domain import Channel, CurrentContacts, CurrentPlan, Limits, Objective, PartLimits
from acquire.errors import BadInput
from tests.acquire.allocate.builders import make_options

SPEND = Objective(minimise="spend")
CHANNELS = (Channel(channel="feed", partner="feed"), Channel(channel="mail", partner="mail"))
TWO_OF_THE_FEED = Limits(channel={"feed": PartLimits(min_incremental_accounts=2)})
# The feed's accounts cost 1, 2 and 3, the mail's 1; the feed has to bring two.
OPTIONS = make_options([-1, -2, -3, -1], spend=[1, 2, 3, 1], incremental=1.0, channel=["feed", "feed", "feed", "mail"])


def planned() -> np.ndarray:
    contacts = np.zeros(len(OPTIONS))
    contacts[allocate(OPTIONS, TWO_OF_THE_FEED, CHANNELS, SPEND).chosen] = 1.0
    return contacts


def test_the_part_s_accounts_are_bought_where_they_are_cheapest_in_the_part() -> None:
    assert planned().tolist() == [1, 1, 0, 0]


def test_a_floor_of_nothing_is_not_enough_to_ask_for_the_least_spend() -> None:
    with pytest.raises(BadInput, match="min_incremental_accounts"):
        allocate(OPTIONS, Limits(channel={"feed": PartLimits(min_incremental_accounts=0)}), CHANNELS, SPEND)


def test_the_frontier_runs_along_the_accounts_of_the_whole_plan_and_keeps_the_part_s() -> None:
    nobody = np.empty(0, dtype=np.int64)
    question = Question(options=OPTIONS, limits=TWO_OF_THE_FEED, channels=CHANNELS, objective=SPEND, forced=nobody)
    axes = choose_axes(question, planned())
    found = trace_frontier(over_axes(question, axes), axes, planned())
    assert (axes.limit, found.here.spend) == ("min_incremental_accounts", 3)
    assert min(point.spend for point in found.points) == pytest.approx(
        3
    )  # the feed's two, however few are asked for in all
    assert max(point.spend for point in found.points if point.allowed <= 3) == pytest.approx(4)


def test_the_waterfall_s_step_of_the_budget_buys_the_part_s_accounts() -> None:
    today = CurrentPlan(lines=(CurrentContacts(channel="feed", offer="coupon", contacts=3),))
    ends = Ends(
        today=judge_today(OPTIONS, today, TWO_OF_THE_FEED, CHANNELS, SPEND),
        plan=total(OPTIONS, planned(), CHANNELS),
        contacts=planned(),
    )
    steps = {
        level.step: level.totals.spend
        for level in levels(OPTIONS, today, ends, TWO_OF_THE_FEED, CHANNELS, SPEND, seed=1)
    }
    assert steps["today"] == pytest.approx(6)
    assert [steps["budget"], steps["plan"]] == pytest.approx([3, 3])

"""The plan beside what runs today: never worse, and where today breaks a limit it is said."""

import json
from dataclasses import asdict, replace
from decimal import Decimal

import numpy as np
import pytest

from acquire.domain import CurrentContacts, CurrentPlan, Limits
from acquire.errors import Infeasible
from campaigns import today
from campaigns.choice import Choice, Market
from campaigns.comparisons import Comparisons, compare
from campaigns.current_document import Waterfall
from campaigns.json_values import plain
from campaigns.report_current import waterfall_table
from campaigns.today import choose_beside_today, hold_against_today
from tests.campaigns.small_plan import VALUE, contact_nobody, make_choice, make_held_out, make_market

FEED_AND_MAIL = CurrentPlan(
    lines=(
        CurrentContacts(channel="feed", offer="coupon", contacts=50),
        CurrentContacts(channel="mail", offer="coupon", contacts=30),
    )
)


def compared(market: Market, choice: Choice | None = None) -> tuple[Choice, Waterfall]:
    return hold_against_today(market, make_held_out(), choice or make_choice(market), FEED_AND_MAIL, "CNY")


def check_sums_exactly(waterfall: Waterfall) -> None:
    changes = sum(Decimal(str(step.change)) for step in waterfall.steps)
    assert changes == Decimal(str(waterfall.steps[-1].gain)) - Decimal(str(waterfall.steps[0].gain))


def test_the_way_from_today_to_the_plan_adds_up_to_the_cent() -> None:
    market = make_market(limits=Limits(budget=300.0), objective=VALUE)
    choice, waterfall = compared(market)
    assert [step.step for step in waterfall.steps] == ["today", "people", "offers", "channels", "budget", "plan"]
    check_sums_exactly(waterfall)
    first, *_, last = waterfall.steps
    assert first.contacts == 80
    assert last.contacts == choice.allocation.contacts.sum()
    assert last.gain > first.gain
    assert last.gain == pytest.approx(choice.allocation.certificate.objective, abs=0.005)
    assert waterfall.verdict.startswith("The plan does better than what runs today (value: CNY")
    assert not waterfall.today_stays


def test_where_nothing_better_is_found_what_runs_today_stays_and_it_is_said() -> None:
    market = make_market(limits=Limits(budget=300.0), objective=VALUE)
    choice, waterfall = compared(market, contact_nobody(make_choice(market)))
    assert waterfall.today_stays
    assert "What runs today stays" in waterfall.verdict
    options, at = choice.options, choice.allocation.chosen
    assert np.bincount(options.channel[at]).tolist() == [50, 30]
    assert len(np.unique(options.person[at])) == 80
    assert choice.allocation.contacts.tolist() == [1.0] * 80
    (budget,) = choice.allocation.limit_uses
    assert budget.used <= 300
    assert "it stays" in choice.allocation.warnings[0]
    assert choice.allocation.certificate.bound >= choice.allocation.certificate.objective
    check_sums_exactly(waterfall)


def test_today_cannot_stay_where_it_breaks_a_limit_and_the_limit_is_named() -> None:
    market = make_market(limits=Limits(budget=100.0), objective=VALUE)
    nobody = contact_nobody(make_choice(market))
    choice, waterfall = compared(market, nobody)
    assert choice is nobody
    (breach,) = waterfall.breaches
    assert (breach.name, breach.allowed) == ("budget", 100)
    assert "would bring more" in waterfall.verdict
    assert "it breaks budget (CNY" in waterfall.verdict


def test_today_is_not_put_in_the_place_of_a_plan_that_explores() -> None:
    market = replace(make_market(limits=Limits(budget=300.0), objective=VALUE), explore_share=0.1)
    nobody = contact_nobody(make_choice(market))
    assert compared(market, nobody)[0] is nobody


def test_where_the_limits_leave_no_plan_it_is_said_what_today_would_break() -> None:
    market = make_market(limits=Limits(budget=100.0, min_incremental_accounts=300.0), objective=VALUE)
    with pytest.raises(Infeasible, match="min_incremental_accounts") as raised:
        choose_beside_today(market, make_held_out(), FEED_AND_MAIL, "CNY")
    said = str(raised.value).replace("\u00a0", " ")
    assert "; what runs today would break budget (CNY" in said
    assert ", allowed CNY 100)" in said
    assert "asked for 300" in said
    assert "min_incremental_accounts" in raised.value.limits


def test_where_today_keeps_limits_that_no_plan_was_found_for_it_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_plan(*_: object) -> Choice:
        raise Infeasible("budget cannot be met", ["budget"])

    monkeypatch.setattr(today, "choose", no_plan)
    market = make_market(limits=Limits(budget=300.0), objective=VALUE)
    with pytest.raises(Infeasible, match="; what runs today would keep all of them: it may go on"):
        choose_beside_today(market, make_held_out(), FEED_AND_MAIL, "CNY")
    few = make_market(40, limits=Limits(budget=300.0), objective=VALUE)
    with pytest.raises(Infeasible, match="as far as the leads at hand allow it"):
        choose_beside_today(few, make_held_out(), FEED_AND_MAIL, "CNY")
    with pytest.raises(Infeasible, match=r"^budget cannot be met$"):
        choose_beside_today(market, make_held_out(), None, "CNY")


def test_what_the_leads_at_hand_do_not_allow_is_said_before_signing() -> None:
    market = make_market(40, limits=Limits(budget=300.0), objective=VALUE)
    _, comparisons = compare(market, make_held_out(), make_choice(market), FEED_AND_MAIL, "CNY")
    assert comparisons.waterfall is not None
    assert [line.possible for line in comparisons.waterfall.shortfalls] == pytest.approx([20, 20])


def test_without_a_table_of_what_runs_there_is_nothing_to_compare_with() -> None:
    market = make_market(limits=Limits(budget=300.0), objective=VALUE)
    choice = make_choice(market)
    kept, comparisons = compare(market, make_held_out(), choice, None, "CNY")
    assert kept is choice
    assert comparisons.waterfall is None
    assert {line.channel for line in comparisons.price_sheet} == {"feed", "mail"}


def test_a_price_sheet_prices_contacts_applications_and_bookings_alike() -> None:
    market = make_market(limits=Limits(budget=300.0), objective=VALUE)
    market = replace(market, scored=replace(market.scored, p_applied=np.full((400, 2), 0.5)))
    _, comparisons = compare(market, make_held_out(), make_choice(market), None, "CNY")
    feed = next(line for line in comparisons.price_sheet if line.channel == "feed")
    contact, application, booking = feed.units
    assert [unit.unit for unit in feed.units] == ["contact", "application", "booking"]
    # Half of the contacts apply; what all of it may cost is the same money each time.
    assert application.paid == pytest.approx(2 * contact.paid)
    assert application.break_even.expected == pytest.approx(2 * contact.break_even.expected)
    worth = (contact.break_even.expected - contact.paid) * feed.contacts
    assert worth == pytest.approx(feed.worth.expected)
    assert booking.break_even.expected > booking.paid > application.paid


def test_the_waterfall_is_read_back_from_its_json_and_printed() -> None:
    market = make_market(limits=Limits(budget=100.0), objective=VALUE)
    _, waterfall = compared(market)
    assert Waterfall.from_content(json.loads(json.dumps(plain(asdict(waterfall))))) == waterfall
    table = waterfall_table(waterfall, "incremental_value", "CNY")
    assert table.rows[0][0] == "What runs today, people taken as they come"
    assert table.rows[0][2] == ""
    assert all(len(row) == len(table.heads) for row in table.rows)


def test_no_comparison_leaves_a_plan_as_it_is() -> None:
    assert Comparisons() == Comparisons(waterfall=None, price_sheet=())

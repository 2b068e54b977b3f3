"""This plan beside an earlier one: every change of contacts is split into traffic and choice, with reasons."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.errors import BadInput
from campaigns.diff_document import LimitChange
from campaigns.plan_diff import compare_plans, read_snapshot
from campaigns.plan_document import PlanDocument
from campaigns.report_current import next_price_table, price_table, say_limit_change, say_sampled
from campaigns.report_page import render_report
from tests.campaigns.compared_plans import COUPON, FEED, budget, decisions, snapshot, with_comparisons
from tests.campaigns.plan_documents import sample_plan


def test_a_change_of_contacts_is_split_into_leads_and_choice() -> None:
    diff = compare_plans(snapshot(20, decisions(100, 20)), snapshot(24, decisions(80, 24)))
    (change,) = diff.lines
    # A fifth of 20 leads fewer is 4 contacts fewer; of the 80 that are left, 24 instead of 16.
    assert (change.before, change.after, change.by_traffic, change.by_choice) == (20, 24, -4, 8)
    assert "feed has 80 leads instead of 100" in change.reasons
    assert (change.spend_before, change.spend_after) == (40, 48)


@settings(max_examples=25, deadline=None)
@given(leads=st.tuples(st.integers(0, 500), st.integers(0, 500)), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_the_parts_of_every_change_add_up(leads: tuple[int, int], shares: tuple[float, float]) -> None:
    contacts = [float(int(n * share)) for n, share in zip(leads, shares, strict=True)]
    before, after = (snapshot(c, decisions(n)) for c, n in zip(contacts, leads, strict=True))
    for change in compare_plans(before, after).lines:
        assert change.by_traffic + change.by_choice == pytest.approx(change.after - change.before, abs=1e-9)


def test_what_is_as_it_was_is_no_change() -> None:
    same = snapshot(20, decisions(100, 20), limits=(budget(60.0, binding=True),))
    diff = compare_plans(same, same)
    assert not any((diff.lines, diff.limits, diff.prices, diff.moves))
    assert (diff.leads_before, diff.leads_after, diff.leads_in_both) == (100, 100, 100)
    assert len(diff.figures) == 10
    assert all(change.before == change.after for change in diff.figures)


def test_prices_limits_and_scores_that_moved_are_the_reasons() -> None:
    before = snapshot(20, decisions(100, 20), limits=(budget(60.0, binding=True),))
    after = snapshot(
        10,
        decisions(100, 10, uplift=0.01),
        limits=(budget(80.0, binding=False),),
        channel=replace(FEED, cost_per_contact=0.8),
        offer=replace(COUPON, cost_per_booked=35.0),
    )
    diff = compare_plans(before, after)
    assert diff.lines[0].reasons == (
        "cost_per_contact of channel feed is 0.8 instead of 0.5",
        "cost_per_booked of offer coupon is 35 instead of 30",
        "what coupon is expected to add to the share that books is +1.00\u00a0points instead of +2.00\u00a0points, over all "
        "leads of feed",
        "budget is CNY\u00a080 instead of CNY\u00a060",
    )
    assert [(p.whose, p.price) for p in diff.prices] == [
        ("channel feed", "cost_per_contact"),
        ("offer coupon", "cost_per_booked"),
    ]


def test_a_channel_that_is_new_and_one_that_is_gone_are_changes_too() -> None:
    new = compare_plans(snapshot(0, decisions(0)), snapshot(5, decisions(10, 5))).lines[0]
    assert (new.before, new.after, new.by_traffic, new.by_choice) == (0, 5, 0, 5)
    gone = compare_plans(snapshot(5, decisions(10, 5)), snapshot(0, decisions(0))).lines[0]
    assert (gone.after, gone.by_traffic, gone.by_choice, gone.partner) == (0, -5, 0, "acme")


def test_leads_of_both_plans_that_are_treated_otherwise_are_counted() -> None:
    diff = compare_plans(snapshot(20, decisions(100, 20)), snapshot(30, decisions(100, 30, first=10)))
    # L10 to L99 are in both: L10 to L19 stay contacted, L20 to L39 are new.
    assert [(m.before, m.after, m.leads) for m in diff.moves] == [("hold", "contact coupon", 20)]
    assert diff.leads_in_both == 90


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (math.nan, 0.1, "max_bad_rate is new: 10.0\u00a0%"),
        (0.1, math.nan, "max_bad_rate is gone; it was 10.0\u00a0%"),
        (0.1, 0.2, "max_bad_rate is 20.0\u00a0% instead of 10.0\u00a0%"),
        (0.1, 0.1, "max_bad_rate holds the plan back now"),
    ],
)
def test_a_limits_change_is_said_in_words(before: float, after: float, words: str) -> None:
    change = LimitChange(
        name="max_bad_rate", unit="rate", before=before, after=after, held_before=False, holds_now=True
    )
    assert say_limit_change(change, "CNY") == words


def test_a_folder_that_holds_no_plan_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="is no folder of a plan"):
        read_snapshot(tmp_path, "CNY")
    (tmp_path / "plan.json").write_text("{}")
    decisions(1).to_parquet(tmp_path / "decisions.parquet")
    with pytest.raises(BadInput, match="damaged or of another version"):
        read_snapshot(tmp_path, "CNY")
    (tmp_path / "plan.json").write_text(replace(sample_plan(), currency="EUR").to_json())
    with pytest.raises(BadInput, match="is in EUR, this plan in CNY"):
        read_snapshot(tmp_path, "CNY")


def test_what_stands_beside_a_plan_is_read_back_as_it_was_written() -> None:
    document = with_comparisons()
    assert PlanDocument.from_json(document.to_json()).to_json() == document.to_json()


def test_a_plan_of_an_earlier_version_opens_without_comparisons() -> None:
    content = json.loads(sample_plan().to_json())
    for key in ("waterfall", "price_sheet", "diff"):
        del content[key]
    document = PlanDocument.from_json(json.dumps(content))
    assert (document.waterfall, document.price_sheet, document.diff) == (None, (), None)
    assert "runs today" not in render_report(document)


def test_the_report_shows_the_way_from_today_the_prices_and_the_changes() -> None:
    page = render_report(with_comparisons())
    assert "From what runs today to this plan" in page
    assert "Better &lt;than&gt; today." in page
    assert "feed, beyond 500 contacts" in page
    assert "acme: all together" in page
    assert "Solved on a random sample of 40" in page
    assert "3 (2 to 4); the limits allow no more" in page.replace("\u00a0", " ").replace("CNY ", "")
    assert "What changed since the earlier plan" in page
    assert "budget is new" in page


def test_a_sheet_that_was_solved_on_everybody_speaks_of_no_sample() -> None:
    sheet = tuple(replace(line, people_share=1.0) for line in with_comparisons().price_sheet)
    assert say_sampled(sheet) == say_sampled(()) == ""


def test_prices_that_are_not_known_are_not_shown_as_numbers() -> None:
    sheet = with_comparisons().price_sheet
    assert price_table(sheet).rows[0][2] == "2"
    assert next_price_table(sheet).rows[0][4] == "not known"

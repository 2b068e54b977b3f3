"""What each offer adds on both sides of a booking, in plan.json and in the report."""

import dataclasses
import json
import math

import pytest

from acquire.domain import Estimate
from acquire.uplift.both_sides import EVERY, BothSides
from campaigns.plan_document import PlanDocument
from campaigns.report_page import render_report
from tests.campaigns.plan_documents import sample_plan


def line(channel: str, rate: Estimate) -> BothSides:
    return BothSides(
        offer="coupon",
        channel=channel,
        n=12_000,
        extra_booked=Estimate(expected=75.2, low=70.1, high=80.3),
        extra_bad=Estimate(expected=18.4, low=15.0, high=21.8),
        incremental_bad_rate=rate,
    )


@pytest.fixture(scope="module")
def document() -> PlanDocument:
    known, unknown = Estimate(expected=0.245, low=0.205, high=0.285), Estimate(expected=math.nan)
    evidence = dataclasses.replace(
        sample_plan().evidence, both_sides=(line(EVERY, known), line("<feed_ads>", unknown), line("search", known))
    )
    return dataclasses.replace(sample_plan(), evidence=evidence)


def test_both_sides_are_written_and_read_back_and_what_is_not_known_is_null(document: PlanDocument) -> None:
    written = json.loads(document.to_json())["evidence"]["both_sides"]

    assert [one["incremental_bad_rate"]["expected"] for one in written] == [0.245, None, 0.245]
    assert PlanDocument.from_json(document.to_json()).to_json() == document.to_json()


def test_a_plan_of_an_earlier_version_has_no_both_sides(document: PlanDocument) -> None:
    earlier = json.loads(document.to_json())
    del earlier["evidence"]["both_sides"]

    assert PlanDocument.from_json(json.dumps(earlier)).evidence.both_sides == ()


def test_the_report_says_what_an_offer_adds_and_how_much_of_it_goes_bad(document: PlanDocument) -> None:
    report = " ".join(render_report(document).replace("\u00a0", " ").split())

    assert "Both sides of a booking" in report
    assert "24.5 % (20.5 % to 28.5 %)" in report
    assert '<td class="n">not known</td>' in report
    assert "&lt;feed_ads&gt;" in report
    assert "Both sides of a booking" not in render_report(sample_plan())

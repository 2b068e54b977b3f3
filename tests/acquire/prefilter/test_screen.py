from datetime import date

import pandas as pd
import pytest

from acquire.domain import Policy, Rule
from acquire.errors import BadInput
from acquire.prefilter.screen import screen

ON = date(2026, 11, 2)
POLICY = Policy(
    version="1",
    rules=(Rule(id="young", field="age", op="lt", value=22, reason="TOO_YOUNG"),),
    content_hash="0" * 64,
)


def leads(**columns: list[object]) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"lead_id": [f"L{i}" for i in range(n)], "channel": ["feed"] * n, **columns})


def test_consent_decides_before_do_not_contact_before_region_before_policy() -> None:
    table = leads(
        consent=[False, True, True, True, True],
        do_not_contact=[True, True, False, False, False],
        region=["far", "far", "far", "home", None],
        age=[20.0, 20.0, 20.0, 20.0, 40.0],
    )
    screened = screen(table, policy=POLICY, refuse_regions=frozenset({"far"}), assume_consent=False, on=ON)
    assert screened["reason"].iloc[:4].tolist() == ["NO_CONSENT", "DO_NOT_CONTACT", "REGION_REFUSED", "TOO_YOUNG"]
    assert screened["decision"].tolist() == ["refuse"] * 4 + ["pass"]
    assert pd.isna(screened["reason"].iloc[4])


def test_a_referred_lead_is_refused_with_a_reason_of_its_own() -> None:
    screened = screen(leads(age=[None, 30.0]), policy=POLICY, refuse_regions=frozenset(), assume_consent=True, on=ON)
    assert screened["reason"].iloc[0] == "REFER:TOO_YOUNG"
    assert screened["decision"].tolist() == ["refuse", "pass"]


def test_without_a_consent_column_consent_has_to_be_assumed_in_the_plan_file() -> None:
    with pytest.raises(BadInput, match="assume_consent = true"):
        screen(leads(age=[30.0]), policy=None, refuse_regions=frozenset(), assume_consent=False, on=ON)


def test_given_consent_is_never_overruled_by_the_assumption() -> None:
    screened = screen(leads(consent=[False]), policy=None, refuse_regions=frozenset(), assume_consent=True, on=ON)
    assert screened["reason"].tolist() == ["NO_CONSENT"]


def test_screening_keeps_the_order_of_the_leads_and_leaves_them_as_they_are() -> None:
    table = leads(age=[30.0, 20.0, 40.0]).iloc[[2, 0, 1]]
    before = table.copy()
    screened = screen(table, policy=POLICY, refuse_regions=frozenset(), assume_consent=True, on=ON)
    assert screened["lead_id"].tolist() == ["L2", "L0", "L1"]
    assert screened["decision"].tolist() == ["pass", "pass", "refuse"]
    pd.testing.assert_frame_equal(table, before)


def test_an_objection_in_one_channel_holds_for_the_person_in_every_channel() -> None:
    leads = pd.DataFrame(
        {
            "lead_id": ["a", "b", "c", "d"],
            "channel": ["feed", "app", "feed", "feed"],
            "person_id": ["p", "p", "q", None],
            "consent": True,
            "do_not_contact": [True, False, False, False],
        }
    )
    screened = screen(leads, policy=None, refuse_regions=frozenset(), assume_consent=False, on=date(2026, 1, 1))
    assert screened["decision"].tolist() == ["refuse", "refuse", "pass", "pass"]
    assert screened["reason"].tolist()[:2] == ["DO_NOT_CONTACT", "DO_NOT_CONTACT"]

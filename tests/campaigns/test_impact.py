"""Protected groups in a plan: warned of where they get through much less often, and never scored or ruled by."""

import pandas as pd

from acquire.ingest.sources import Columns
from acquire.prefilter.screen import DO_NOT_CONTACT, NO_CONSENT
from campaigns.impact import impact_notes, protected_columns


def decided(**groups: tuple[int, int, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leads and decisions: of each group so many contacted, held and refused by a rule."""
    sex = [name for name, counts in groups.items() for _ in range(sum(counts))]
    how = ["contact", "hold", "refuse"]
    decision = [what for counts in groups.values() for what, n in zip(how, counts, strict=True) for _ in range(n)]
    decisions = pd.DataFrame({"decision": decision, "reason": ["AGE" if d == "refuse" else "X" for d in decision]})
    return pd.DataFrame({"sex": sex}), decisions


def test_a_group_that_is_refused_and_contacted_alike_raises_no_warning() -> None:
    assert impact_notes(*decided(f=(20, 60, 20), m=(20, 60, 20)), ["sex"]) == ()


def test_a_group_that_the_rules_refuse_more_often_is_warned_of_at_both_steps() -> None:
    passed, contacted = impact_notes(*decided(f=(10, 40, 50), m=(20, 70, 10)), ["sex"])
    assert passed.startswith(
        "sex f: 50.0% of 100 leads pass the pre-filter, 0.56 of the best group's share (90 % interval"
    )
    assert contacted.startswith("sex f: 10.0% of 100 leads are contacted, 0.50 of the best group's share")
    assert contacted.endswith("this is a warning, not a verdict")


def test_those_who_did_not_consent_or_object_are_left_out() -> None:
    leads, decisions = decided(f=(20, 60, 20), m=(20, 60, 20))
    gone = pd.DataFrame({"decision": "refuse", "reason": [NO_CONSENT] * 100 + [DO_NOT_CONTACT] * 100})
    more = pd.concat([leads, pd.DataFrame({"sex": ["f"] * 200})], ignore_index=True)
    assert impact_notes(more, pd.concat([decisions, gone], ignore_index=True), ["sex"]) == ()


def test_a_protected_column_that_leads_lack_is_said_to_be_unwatched() -> None:
    assert impact_notes(*decided(f=(1, 1, 1)), ["race"]) == (
        "race is protected, but the leads lack it: its groups cannot be watched",
    )


def test_a_protected_column_is_known_by_the_name_the_frames_have() -> None:
    columns = Columns(rename={"requested_amount": "amount"}, protected=frozenset({"requested_amount", "sex"}))
    assert protected_columns(columns) == {"amount", "sex"}

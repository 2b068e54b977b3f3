"""A policy on trial: what each rule refuses alone and in order, who changes sides, and the bad among them."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from acquire.policy import Policy, Rule
from acquire.prefilter.policy_trial import part, swap, try_rules
from acquire.prefilter.rules import apply_rules

ON = date(2026, 11, 2)
LEADS = pd.DataFrame({"age": [18.0, 19.0, 30.0, 40.0, np.nan], "debt": [9.0, 1.0, 9.0, 1.0, 1.0]})
BAD = np.array([1.0, 0.0, np.nan, 0.0, 1.0])
YOUNG = Rule(id="young", field="age", op="lt", value=20, reason="AGE")
DEBT = Rule(id="debt", field="debt", op="gt", value=5, reason="DEBT", when_null="pass")
ENDED = Rule(id="ended", field="debt", op="gt", value=0, reason="DEBT", valid_until=date(2026, 11, 1))


def trial(*rules: Rule) -> dict[str, tuple[int, int, int]]:
    """Refused alone, refused in order and referred, by rule."""
    hits = apply_rules(LEADS, Policy(version="1", rules=rules, content_hash=""), on=ON)
    return {one.rule.id: (one.alone.n, one.decides.n, one.referred) for one in try_rules(hits, BAD, on=ON)}


def test_each_rule_shows_what_it_refuses_alone_and_after_those_before_it() -> None:
    assert trial(YOUNG, DEBT) == {"young": (3, 3, 1), "debt": (2, 1, 0)}
    assert trial(DEBT, YOUNG) == {"debt": (2, 2, 0), "young": (3, 2, 1)}


def test_a_rule_that_is_not_in_force_refuses_nobody_and_says_so() -> None:
    hits = apply_rules(LEADS, Policy(version="1", rules=(ENDED,), content_hash=""), on=ON)
    [one] = try_rules(hits, None, on=ON)
    assert (one.applies, one.alone.n, one.alone.bad) == (False, 0, None)


def test_the_bad_rate_counts_those_whose_outcome_is_known() -> None:
    refused = part(np.array([True, True, True, False, False]), BAD)
    assert (refused.n, refused.share) == (3, 0.6)
    assert refused.bad is not None
    assert (refused.bad.n, refused.bad.rate) == (2, 0.5)


def test_the_interval_of_the_bad_rate_is_wilsons() -> None:
    # 10 of 100 at z = 1.645: centre (.1 + 1.353 / 100) / 1.02706, half width sqrt(.0009 + .00006765) * 1.645 / 1.02706
    share = part(np.ones(100, dtype=bool), np.r_[np.ones(10), np.zeros(90)]).bad
    assert share is not None
    assert (share.low, share.high) == pytest.approx((0.06071, 0.16035), abs=2e-4)


def test_of_nobody_nothing_is_known() -> None:
    nobody = part(np.zeros(5, dtype=bool), BAD)
    assert nobody.bad is not None
    assert (nobody.n, nobody.bad.n) == (0, 0)
    assert np.isnan(nobody.bad.rate)


def test_the_swap_set_is_who_changes_sides() -> None:
    before, after = np.array([True, True, False, False, True]), np.array([True, False, True, False, False])
    swapped = swap(before, after, BAD)
    sizes = [one.n for one in (swapped.in_out, swapped.out_in, swapped.stay_in, swapped.stay_out)]
    assert sizes == [2, 1, 1, 1]
    assert swapped.in_out.bad is not None
    assert swapped.in_out.bad.rate == 0.5

"""What is known of an audience from seeds alone, and what is not."""

from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.uplift.audience import MemberShare, chance_to_belong, choose_audience, judge_likeness


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def normal_market(
    seed: int, n_seeds: int = 300, n_leads: int = 3_000, share: float = 0.2
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores of seeds and of leads, members one standard deviation higher, and who of the leads belongs."""
    draw = np.random.default_rng(seed)
    member = draw.random(n_leads) < share
    return draw.normal(1, 1, n_seeds), draw.normal(member.astype(float), 1), member


def test_recall_lift_auc_and_precision_as_on_paper() -> None:
    # Of the leads 4 and 2 are taken; seed 3 is above the lowest of them, seed 1 is not. Seed 3 beats three leads, seed 1 two.
    quality = judge_likeness(
        np.array([3.0, 1.0]), np.array([4.0, 2.0, 0.0, 0.0]), 2, rng(), share=MemberShare(share=0.25)
    )
    assert quality.seed_auc.expected == pytest.approx(5 / 8)
    assert quality.recall.expected == pytest.approx(1 / 2)
    assert quality.lift.expected == pytest.approx(1.0)
    assert quality.precision is not None
    assert quality.precision.expected == pytest.approx(0.25)
    assert quality.auc is not None
    assert quality.auc.expected == pytest.approx((5 / 8 - 1 / 8) / (3 / 4))


def test_a_seed_that_stands_for_three_counts_three_times() -> None:
    leads = np.array([4.0, 2.0, 0.0, 0.0])
    weighted = judge_likeness(np.array([3.0, 1.0]), leads, 2, rng(), seed_weight=np.array([3.0, 1.0]))
    assert weighted.recall.expected == pytest.approx(3 / 4)
    assert weighted.n_effective == pytest.approx(16 / 10)


def test_a_constant_score_is_worth_nothing_whatever_the_size() -> None:
    for size in (1, 30, 100):
        quality = judge_likeness(np.ones(60), np.ones(100), size, rng())
        assert (quality.seed_auc.expected, quality.lift.expected) == pytest.approx((0.5, 1.0))
        assert not quality.tells_alike


@settings(max_examples=30, deadline=None)
@given(
    seeds=st.lists(st.integers(0, 4), min_size=1, max_size=30),
    leads=st.lists(st.integers(0, 4), min_size=2, max_size=60),
    data=st.data(),
)
def test_the_order_of_rows_changes_nothing(seeds: list[int], leads: list[int], data: st.DataObject) -> None:
    size = data.draw(st.integers(1, len(leads)))
    shuffled = data.draw(st.permutations(leads))
    one, other = (
        judge_likeness(np.array(seeds, float), np.array(order, float), size, rng(), n_replicates=5)
        for order in (leads, shuffled)
    )
    assert one == other
    assert 0 <= one.recall.expected <= 1
    assert 0 <= one.seed_auc.expected <= 1


def test_without_the_share_of_members_precision_is_a_ceiling_only() -> None:
    seeds, leads, member = normal_market(1)
    quality = judge_likeness(seeds, leads, 300, rng())
    assert quality.precision is None
    assert quality.auc is None
    assert quality.precision_ceiling > member[choose_audience(leads, np.ones(len(leads), bool), 300)].mean()


def test_the_intervals_hold_the_truth_nine_times_in_ten_and_the_ceiling_nearly_always() -> None:
    inside, below, auc_inside = [], [], []
    for seed in range(100):
        seeds, leads, member = normal_market(seed, n_leads=1_000)
        quality = judge_likeness(seeds, leads, 100, rng(), share=MemberShare(share=member.mean()), n_replicates=150)
        found = member[choose_audience(leads, np.ones(len(leads), bool), 100)].mean()
        assert quality.precision is not None
        assert quality.auc is not None
        inside.append(quality.precision.predictive_low <= found <= quality.precision.predictive_high)
        auc_inside.append(quality.auc.low <= NormalDist().cdf(1 / 2**0.5) <= quality.auc.high)
        below.append(member.mean() <= quality.share_ceiling)
    assert 0.82 <= np.mean(inside) <= 0.98
    assert 0.80 <= np.mean(auc_inside) <= 0.98
    assert np.mean(below) >= 0.9


def test_a_share_that_few_leads_were_asked_for_widens_precision() -> None:
    seeds, leads, _ = normal_market(3)
    widths = []
    for n_checked in (None, 1_000, 50):
        precision = judge_likeness(
            seeds, leads, 300, rng(), share=MemberShare(share=0.2, n_checked=n_checked)
        ).precision
        assert precision is not None
        widths.append(precision.high - precision.low)
    assert widths == sorted(widths)
    assert widths[2] > 1.5 * widths[0]


def test_the_best_of_those_who_may_be_contacted_are_chosen_in_order() -> None:
    score = np.array([0.9, 0.5, 0.7, 0.5])
    assert choose_audience(score, np.array([False, True, True, True]), 2).tolist() == [2, 1]


def test_more_than_there_are_cannot_be_chosen() -> None:
    with pytest.raises(BadInput, match="2 leads may be contacted"):
        choose_audience(np.zeros(3), np.array([True, True, False]), 3)


@pytest.mark.parametrize(("share", "n_checked"), [(0.0, None), (1.0, None), (1.2, None), (0.5, 0)])
def test_a_share_that_cannot_be_is_refused(share: float, n_checked: int | None) -> None:
    with pytest.raises(BadInput):
        MemberShare(share=share, n_checked=n_checked)


def test_the_chance_to_belong_is_the_share_times_the_likeness_and_never_above_one() -> None:
    assert chance_to_belong(np.array([0.5, 2.0, 9.0]), 0.2).tolist() == pytest.approx([0.1, 0.4, 1.0])

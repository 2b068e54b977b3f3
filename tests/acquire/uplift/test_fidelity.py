"""How a pupil compares with its teacher: the worst figure counts, and what its decisions lose."""

from typing import Any

import numpy as np
import pytest

from acquire.domain import Estimate
from acquire.uplift.fidelity import Fidelity, Trial, measure_fidelity

P_CONTROL = np.array([0.1, 0.2, 0.3, 0.2, 0.1, 0.3])
UPLIFT = np.array([[0.05, 0.01], [0.02, 0.03], [0.01, 0.08], [0.07, 0.02], [0.03, 0.06], [0.04, 0.05]])


def trial(teacher: np.ndarray, pupil: np.ndarray, *, covered: bool = True, extra: float = 0.1) -> Trial:
    """Rows on which every contact brings `extra` bookings."""
    n, n_offers = teacher.shape
    return Trial(
        teacher=teacher,
        pupil=pupil,
        covered=np.full((n, n_offers), covered),
        scores=np.column_stack([np.full(n, 0.2), np.full((n, n_offers), 0.2 + extra)]),
    )


def measured(p_control: np.ndarray = P_CONTROL, uplift: np.ndarray = UPLIFT, on: Trial | None = None) -> Fidelity:
    on = on or trial(UPLIFT, UPLIFT)
    return measure_fidelity((P_CONTROL, UPLIFT), (p_control, uplift), on, np.random.default_rng(1))


@pytest.mark.parametrize("offer", [0, 1])
def test_one_offer_told_upside_down_is_a_pupil_that_learnt_nothing(offer: int) -> None:
    wrong = UPLIFT.copy()
    wrong[:, offer] = 0.1 - wrong[:, offer]
    assert measured(uplift=wrong).correlation == pytest.approx(-1)
    assert not measured(uplift=wrong).passed


def test_a_pupil_who_says_the_same_of_everybody_knows_nothing_and_one_who_repeats_a_constant_all() -> None:
    flat = np.column_stack([np.full(6, UPLIFT[:, 0].mean()), UPLIFT[:, 1]])
    assert measured(uplift=flat).correlation == 0
    both = measure_fidelity((P_CONTROL, flat), (P_CONTROL, flat), trial(flat, flat), np.random.default_rng(1))
    assert both.correlation == 1


def test_too_few_bookings_are_as_wrong_as_too_many_with_an_offer_or_without() -> None:
    # 1.2 bookings without the campaign; with the first offer 1.42, with the second 1.45.
    assert measured().total_gap == 0
    assert measured(p_control=1.1 * P_CONTROL).total_gap == pytest.approx(0.1)
    assert measured(p_control=0.9 * P_CONTROL).total_gap == pytest.approx(0.1)
    assert measured(uplift=UPLIFT - [0.03, 0.0]).total_gap == pytest.approx(0.18 / 1.42)


def test_a_pupil_that_is_a_hundredth_off_in_the_total_does_not_serve() -> None:
    assert measured(p_control=1.0099 * P_CONTROL).passed
    assert not measured(p_control=1.02 * P_CONTROL).passed


def test_a_pupil_that_contacts_nobody_loses_all_that_the_teacher_adds() -> None:
    # The teacher contacts the best third, two of six, and each brings a tenth: 33 per 1,000 leads.
    lost = measured(on=trial(UPLIFT, -np.abs(UPLIFT)))
    assert lost.value.expected == pytest.approx(1_000 * 2 / 6 * 0.1)
    assert lost.value_gap.expected == pytest.approx(-lost.value.expected)


def test_nobody_decides_on_offers_whose_effect_is_not_known() -> None:
    assert measured(on=trial(UPLIFT, UPLIFT, covered=False)).value.expected == 0


def test_what_may_be_lost_is_one_standard_error_of_the_teachers_own_value() -> None:
    rng = np.random.default_rng(3)
    uplift = rng.uniform(0.01, 0.1, (3_000, 1))
    scores = np.column_stack([np.zeros(3_000), rng.normal(0.1, 1.0, 3_000)])
    on = Trial(teacher=uplift, pupil=uplift, covered=np.ones((3_000, 1), dtype=bool), scores=scores)
    third = 1_000 * scores[:, 1] * (uplift[:, 0] > np.sort(uplift[:, 0])[2_000 - 1])
    assert measured(on=on).margin == pytest.approx(third.std() / np.sqrt(3_000), rel=0.15)


def fidelity(**changes: Any) -> Fidelity:
    figures: dict[str, Any] = {
        "n_parity": 100,
        "n_value": 100,
        "correlation": 0.99,
        "total_gap": 0.001,
        "value": Estimate(expected=20.0, low=10.0, high=30.0),
        "value_gap": Estimate(expected=0.0, low=-1.0, high=1.0),
        "margin": 6.0,
    }
    return Fidelity(**{**figures, **changes})


def test_every_gate_can_stop_the_pupil() -> None:
    assert fidelity().passed
    assert not fidelity(correlation=0.9).passed
    assert not fidelity(total_gap=0.05).passed
    assert not fidelity(value_gap=Estimate(expected=-3.0, low=-7.0, high=1.0)).passed


def test_a_pupil_that_says_what_its_teacher_says_loses_nothing() -> None:
    rng = np.random.default_rng(1)
    p_control, uplift = np.full(300, 0.1), rng.normal(0.02, 0.01, (300, 2))
    trial = Trial(
        teacher=uplift,
        pupil=uplift,
        covered=np.ones((300, 2), dtype=bool),
        scores=rng.normal(0.1, 1, (300, 3)),
    )
    same = measure_fidelity((p_control, uplift), (p_control, uplift), trial, rng)
    assert same.correlation == 1
    assert same.total_gap == 0
    assert same.value_gap == Estimate(expected=0.0, low=0.0, high=0.0)
    assert same.passed

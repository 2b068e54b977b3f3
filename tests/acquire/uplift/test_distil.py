"""The pupil: small trees that say what the teacher says, and keep what was declared."""

import copy
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.uplift import distil as distil_module
from acquire.uplift.distil import DistilSettings, _keep_signs, distil
from acquire.uplift.oblivious import ObliviousTrees

SMALL = DistilSettings(n_trees=60, n_questions=4)


def teach(n: int = 4_000, seed: int = 1, signs: tuple[int, ...] = ()) -> tuple[ObliviousTrees, np.ndarray, np.ndarray]:
    """A teacher with a step, a slope, and a word for missing values."""
    rng = np.random.default_rng(seed)
    matrix = rng.uniform(0, 10, (n, 3))
    matrix[rng.random(n) < 0.2, 2] = np.nan
    figures = np.column_stack(
        [0.1 + 0.02 * matrix[:, 0], 0.3 * (matrix[:, 1] > 6), np.where(np.isnan(matrix[:, 2]), 0.5, -0.1)]
    )
    return distil(matrix, figures, np.random.default_rng(seed), signs=signs, settings=SMALL), matrix, figures


def test_the_pupil_says_what_the_teacher_says_of_leads_it_was_not_shown() -> None:
    pupil, _, _ = teach()
    _, matrix, figures = teach(seed=2)
    assert np.corrcoef(pupil.predict(matrix)[:, 0], figures[:, 0])[0, 1] > 0.99
    assert np.abs(pupil.predict(matrix)[:, 1] - figures[:, 1]).mean() < 0.01
    assert np.abs(pupil.predict(matrix)[:, 2] - figures[:, 2]).max() < 0.05


def test_the_chance_to_book_keeps_its_declared_sign_for_every_lead() -> None:
    rng = np.random.default_rng(4)
    matrix = rng.uniform(0, 10, (3_000, 2))
    wavy = np.column_stack([0.1 * matrix[:, 0] + np.sin(matrix[:, 0]) + matrix[:, 1], matrix[:, 1]])
    pupil = distil(matrix, wavy, rng, signs=(1, 0), settings=SMALL)
    free = distil(matrix, wavy, rng, settings=SMALL)
    line = np.column_stack([np.linspace(0, 10, 200), np.full(200, 5.0)])
    assert (np.diff(pupil.predict(line)[:, 0]) >= -1e-12).all()
    assert (np.diff(free.predict(line)[:, 0]) < -1e-3).any()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(-1, 1, allow_subnormal=False), min_size=8, max_size=8),
    st.tuples(*[st.sampled_from([-1, 0, 1])] * 3),
)
def test_no_leaf_falls_where_its_question_has_a_sign_and_the_mean_stays(
    leaves: list[float], signs: tuple[int, int, int]
) -> None:
    kept = _keep_signs(np.array(leaves), signs).reshape(2, 2, 2)
    for question, sign in enumerate(signs):
        no, yes = np.moveaxis(kept, question, 0)
        assert (sign * (yes - no) >= 0).all()
    assert kept.mean() == pytest.approx(np.mean(leaves), abs=1e-12)


def test_leaves_that_the_rounds_do_not_put_in_order_all_get_their_mean(monkeypatch: pytest.MonkeyPatch) -> None:
    falling = np.array([3.0, 1.0, 4.0, 0.0])
    assert _keep_signs(falling, (1, 1)).tolist() == [1.75, 1.75, 2.25, 2.25]
    rising = np.array([0.0, 2.0, 1.0, 4.0])
    assert _keep_signs(rising, (1, 1)).tolist() == rising.tolist()
    monkeypatch.setattr(distil_module, "_MOST_ROUNDS", 1)
    assert _keep_signs(falling, (1, 1)).tolist() == [2.0, 2.0, 2.0, 2.0]


def test_rounding_alone_is_nothing_to_be_learnt() -> None:
    matrix = np.random.default_rng(1).uniform(0, 1, (500, 2))
    nearly = np.where(matrix[:, 0] > 0.5, 0.03, np.nextafter(0.03, 1))
    pupil = distil(matrix, np.column_stack([matrix[:, 1], nearly]), np.random.default_rng(2), settings=SMALL)
    assert np.ptp(pupil.predict(matrix)[:, 1]) == 0


def test_many_values_are_told_apart_at_sixty_thresholds_and_a_few_at_each() -> None:
    rng = np.random.default_rng(3)
    matrix = np.column_stack([rng.uniform(0, 1, 2_000), rng.integers(0, 4, 2_000)])
    pupil = distil(matrix, matrix.copy(), rng, settings=SMALL)
    asked = [set(pupil.threshold[pupil.column == column].tolist()) for column in (0, 1)]
    assert 40 < len(asked[0]) <= 60
    assert asked[1] == {0.5, 1.5, 2.5}


def test_leaves_of_few_rows_are_pulled_to_nothing() -> None:
    matrix, figures = np.array([[0.0], [1.0]]), np.array([[0.0], [1.0]])
    one_step = DistilSettings(n_trees=1, n_questions=1, learning_rate=1.0, l2_penalty=1.0)
    pupil = distil(matrix, figures, np.random.default_rng(4), settings=one_step)
    # Each leaf holds one row that is half away from the mean, and one row's worth of nothing.
    assert pupil.predict(matrix)[:, 0] == pytest.approx([0.25, 0.75])


def test_a_figure_that_is_the_same_for_all_stays_so() -> None:
    matrix = np.random.default_rng(1).uniform(0, 1, (500, 2))
    pupil = distil(
        matrix, np.column_stack([matrix[:, 0], np.full(500, 0.03)]), np.random.default_rng(2), settings=SMALL
    )
    assert np.ptp(pupil.predict(matrix)[:, 1]) == 0
    assert pupil.predict(matrix)[0, 1] == pytest.approx(0.03)


def test_where_no_feature_tells_leads_apart_all_get_the_average() -> None:
    figures = np.random.default_rng(1).uniform(0, 1, (100, 2))
    pupil = distil(np.ones((100, 2)), figures, np.random.default_rng(2), settings=SMALL)
    assert pupil.predict(np.array([[1.0, 2.0]]))[0] == pytest.approx(figures.mean(axis=0))


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 200), start=st.integers(0, 3_000))
def test_a_lead_scores_the_same_bits_alone_and_among_others(n: int, start: int) -> None:
    pupil, matrix, _ = PUPIL
    together = pupil.predict(matrix)
    assert np.array_equal(pupil.predict(matrix[start : start + n]), together[start : start + n])


def test_the_same_seed_gives_the_same_pupil() -> None:
    assert teach()[0].to_content() == teach()[0].to_content()


def test_a_contribution_is_what_the_figure_loses_at_the_usual_value() -> None:
    pupil, matrix, _ = PUPIL
    usual = np.array([5.0, 2.0, np.nan])
    rows, moved = matrix[:50], pupil.contributions(matrix[:50], usual, 1)
    for column in range(3):
        changed = rows.copy()
        changed[:, column] = usual[column]
        assert moved[:, column] == pytest.approx((pupil.predict(rows) - pupil.predict(changed))[:, 1], abs=1e-9)


def test_a_stored_pupil_predicts_the_same_bit_for_bit() -> None:
    pupil, matrix, _ = PUPIL
    again = ObliviousTrees.from_content(json.loads(json.dumps(pupil.to_content(), allow_nan=False)), 3, 3)
    assert np.array_equal(again.predict(matrix), pupil.predict(matrix))


def _set(key: str, place: int, value: object) -> Callable[[dict[str, Any]], None]:
    def spoil(content: dict[str, Any]) -> None:
        content[key][place] = value

    return spoil


@pytest.mark.parametrize(
    "spoil",
    [
        _set("column", 0, 99),
        _set("column", 0, -1),
        _set("column", 0, 1.0),
        _set("column", 0, True),
        _set("threshold", 0, "0.5"),
        _set("threshold", 0, float("nan")),
        _set("threshold", 0, float("inf")),
        _set("value", 3, None),
        _set("value", 3, float("inf")),
        _set("start", 0, 10**400),
        lambda content: content["value"].pop(),
        lambda content: content["column"].append(0),
        lambda content: content.update(trees=10**9),
        lambda content: content.update(trees=-1),
        lambda content: content.update(trees="60"),
        lambda content: content.update(questions=60),
        lambda content: content.update(questions=0),
        lambda content: content.update(n_columns=4),
        lambda content: content.update(value={}),
        lambda content: content.update(extra=1),
        lambda content: content.pop("scale"),
    ],
)
def test_damaged_trees_are_bad_input_in_one_line(spoil: Callable[[dict[str, Any]], None]) -> None:
    content = copy.deepcopy(PUPIL[0].to_content())
    spoil(content)
    with pytest.raises(BadInput) as error:
        ObliviousTrees.from_content(content, 3, 3)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [None, [], 7, "trees"])
def test_what_is_no_table_of_trees_is_bad_input(content: Any) -> None:
    with pytest.raises(BadInput):
        ObliviousTrees.from_content(content, 3, 3)


PUPIL = teach()

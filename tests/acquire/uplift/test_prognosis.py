"""The chance to book whatever is shown: learnt from other people only, or it would know what the row's person did."""

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.uplift.columns import plain_columns
from acquire.uplift.effects import deal_folds, people_of
from acquire.uplift.learner_rows import Experience, LearnerSettings
from acquire.uplift.prognosis import with_prognosis

SIZE = LearnerSettings(n_prognosis_trees=60, min_rows_per_leaf=2, l2_penalty=0.1, learning_rate=0.2)


def pairs(n_people: int, seed: int = 3) -> Experience:
    """Everybody is there twice and does the same twice; features are noise, but tell who it is."""
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), 2)
    return Experience(
        matrix=rng.normal(size=(n_people, 3))[person],
        arm=person % 2,
        booked=(rng.random(n_people) < 0.4).astype(float)[person],
        propensity=np.full((2 * n_people, 2), 0.5),
        columns=plain_columns(3),
        person=person,
    )


def knows(history: Experience) -> float:
    """Correlation of the prognosis with what the row's person did."""
    longer, models = with_prognosis(history, SIZE, 7)
    assert len(models) == 2
    return float(np.corrcoef(longer.matrix[:, -1], history.booked)[0, 1])


def test_the_prognosis_of_a_row_has_not_seen_another_row_of_its_person() -> None:
    history = pairs(300)
    as_if_strangers = Experience(
        **{name: getattr(history, name) for name in Experience.__slots__ if name != "person"}, person=np.arange(600)
    )

    assert knows(history) < 0.15
    assert knows(as_if_strangers) > 0.4


def test_both_rows_of_a_person_have_the_same_prognosis() -> None:
    longer, _ = with_prognosis(pairs(100), SIZE, 7)

    assert (longer.matrix[::2, -1] == longer.matrix[1::2, -1]).all()


def test_a_row_without_person_is_a_person_of_its_own_even_if_its_lead_id_reads_like_somebodys_name() -> None:
    history = pd.DataFrame({"lead_id": ["A", "B", "C"], "person_id": pd.Series(["B", None, "B"], dtype="str")})

    assert people_of(history).tolist() == [0, 1, 0]
    assert people_of(history[["lead_id"]]).tolist() == [0, 1, 2]


def test_a_history_of_hardly_any_people_stops_in_one_line() -> None:
    history = pd.DataFrame({"lead_id": [f"L{i}" for i in range(100)], "person_id": ["P1", "P2"] * 50})

    with pytest.raises(BadInput, match="of 2 people"):
        deal_folds(history, 5, np.random.default_rng(1))

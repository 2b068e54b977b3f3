"""What `acquire fit PLAN --compare` says."""

import pytest

from acquire.domain import Estimate, LearnerName
from acquire.uplift.tournament import Contestant, Tournament
from campaigns.tournaments import tournament_text


def estimate(value: float, half: float) -> Estimate:
    return Estimate(expected=value, low=value - half, high=value + half)


def contestant(learner: LearnerName, value: float, behind: float) -> Contestant:
    return Contestant(
        learner=learner,
        value=estimate(value, 2.0),
        beyond_random=estimate(value / 2, 1.0),
        behind=estimate(behind, 1.0),
        standard_error=0.6,
        contacts=1 / 3,
    )


def tournament(*values: float) -> Tournament:
    best = max(values)
    names: tuple[LearnerName, ...] = ("logistic_t", "x")
    contestants = tuple(contestant(n, v, best - v) for n, v in zip(names, values, strict=True))
    return Tournament(contestants=contestants, share=1 / 3, n_rows=12_000)


def test_the_table_shows_every_learner_and_who_is_best() -> None:
    text = tournament_text(tournament(9.5, 10.0), "x")

    assert "12,000 history rows" in text
    assert "logistic T" in text
    assert "9.50 [7.50, 11.50]" in text
    assert "the best" in text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            (9.5, 10.0),
            "Champion: logistic T, the simplest within one standard error of the best. The plan uses X: to change",
        ),
        ((5.0, 10.0), "Champion: X, the simplest within one standard error of the best. The plan uses it."),
        ((0.5, 1.0), "No evidence that any learner's policy brings anything"),
    ],
)
def test_it_says_what_to_write_in_the_plan_file(values: tuple[float, float], words: str) -> None:
    assert words in tournament_text(tournament(*values), "x")

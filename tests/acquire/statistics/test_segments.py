"""Segments are cut for what treating them alike is worth, in words that anybody can apply."""

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.statistics.segments import Condition, Segment, grow_segments

AGE = Feature(name="age", kind="numeric")
JOB = Feature(name="job", kind="category")


def grow(frame: pd.DataFrame, gain: list[list[float]], **settings: float) -> tuple[Segment, ...]:
    columns = [feature for feature in (AGE, JOB) if feature.name in frame]
    defaults = {"least_rows": 1, "most": 4}
    return grow_segments(frame, columns, np.array(gain), np.ones(len(frame)), **{**defaults, **settings})  # type: ignore[arg-type]


def test_who_gains_by_one_offer_is_parted_from_who_gains_by_the_other() -> None:
    frame = pd.DataFrame({"age": [20.0, 25.0, 50.0, 60.0]})
    segments = grow(frame, [[3, 1], [3, 1], [1, 3], [1, 3]], most=2)
    assert [segment.words for segment in segments] == ["age below 40", "age from 40"]
    assert [segment.rows.tolist() for segment in segments] == [[0, 1], [2, 3]]


def test_who_only_costs_is_parted_from_who_gains() -> None:
    frame = pd.DataFrame({"age": [20.0, 25.0, 50.0, 60.0]})
    segments = grow(frame, [[5], [-9], [-9], [-9]], most=2)
    assert [segment.words for segment in segments] == ["age below 22", "age from 22"]


def test_categories_are_named() -> None:
    frame = pd.DataFrame({"job": ["nurse", "clerk", "nurse", "smith"]})
    segments = grow(frame, [[4], [-4], [4], [-4]], most=2)
    assert {segment.words for segment in segments} == {"job is clerk or smith", "job is nurse"}


def test_missing_values_belong_somewhere() -> None:
    frame = pd.DataFrame({"age": [np.nan, 25.0, 50.0, 60.0]})
    segments = grow(frame, [[5], [5], [-5], [-5]], most=2)
    assert [segment.words for segment in segments] == ["age below 40 or missing", "age from 40"]
    assert segments[0].rows.tolist() == [0, 1]


def test_everybody_is_one_segment_where_nothing_tells_people_apart() -> None:
    [only] = grow(pd.DataFrame({"age": [30.0] * 4}), [[1], [2], [3], [4]])
    assert only.words == "everybody"


def test_a_segment_is_no_smaller_than_asked() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"age": rng.uniform(18, 70, 300)})
    gain = rng.standard_normal((300, 2))
    segments = grow_segments(frame, [AGE], gain, np.ones(300), most=20, least_share=0.1, least_rows=40)
    assert min(len(segment.rows) for segment in segments) >= 40
    assert sorted(np.concatenate([segment.rows for segment in segments]).tolist()) == list(range(300))


def test_a_row_that_stands_for_many_counts_as_many() -> None:
    frame = pd.DataFrame({"age": [20.0, 30.0, 40.0]})
    gain, weight = np.array([[1.0], [-1.0], [1.0]]), np.array([1.0, 10.0, 1.0])
    segments = grow_segments(frame, [AGE], gain, weight, most=2, least_rows=1, least_share=0.0)
    worth = sum(max(0.0, float(gain[s.rows, 0] @ weight[s.rows])) for s in segments)
    assert worth == 1.0


def test_the_words_of_a_segment_are_its_rows() -> None:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        {"age": np.where(rng.random(200) < 0.1, np.nan, rng.uniform(18, 70, 200)), "job": ["a", "b"] * 100}
    )
    segments = grow(frame, rng.standard_normal((200, 3)).tolist(), most=8, least_rows=5)
    for segment in segments:
        fits = np.ones(200, dtype=bool)
        for condition in segment.conditions:
            fits &= condition.fits(frame[condition.column])
        assert np.flatnonzero(fits).tolist() == sorted(segment.rows.tolist())


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition(column="age", low=18, high=30), "age from 18 to below 30"),
        (Condition(column="age", high=30, or_missing=True), "age below 30 or missing"),
        (Condition(column="job", levels=("clerk",)), "job is clerk"),
    ],
)
def test_a_condition_reads_as_a_sentence_part(condition: Condition, words: str) -> None:
    assert condition.words == words

"""Features become the same matrix at fitting and at scoring."""

import numpy as np
import pandas as pd
import pytest

from acquire.domain import Feature
from acquire.errors import BadInput
from acquire.statistics.encoding import fit_encoder

FEATURES = (Feature(name="channel", kind="category"), Feature(name="age", kind="numeric"))


def table(channels: list[str | None], ages: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"channel": pd.Series(channels, dtype="str"), "age": ages})


def test_levels_are_numbered_from_the_most_frequent() -> None:
    encoder = fit_encoder(table(["feed", "search", "search"], [30.0, 40.0, 50.0]), FEATURES)

    assert encoder.levels == (("search", "feed"), ())
    assert encoder.matrix(table(["feed", "search"], [1.0, 2.0])).tolist() == [[1.0, 1.0], [0.0, 2.0]]


def test_an_unseen_or_missing_level_and_a_missing_number_are_missing() -> None:
    encoder = fit_encoder(table(["feed", "search"], [30.0, 40.0]), FEATURES)

    matrix = encoder.matrix(table(["billboard", None], [np.nan, 40.0]))

    assert np.isnan(matrix).tolist() == [[True, True], [True, False]]


def test_reordered_columns_are_found_by_name() -> None:
    history = table(["feed", "search"], [30.0, 40.0])
    encoder = fit_encoder(history, FEATURES)

    assert (encoder.matrix(history[["age", "channel"]]) == encoder.matrix(history)).all()


def test_a_missing_column_is_named() -> None:
    encoder = fit_encoder(table(["feed", "search"], [30.0, 40.0]), FEATURES)

    with pytest.raises(BadInput, match="column age"):
        encoder.matrix(pd.DataFrame({"channel": ["feed"]}))


def test_levels_beyond_the_two_hundred_most_frequent_count_as_unseen() -> None:
    branches = [f"b{i:03d}" for i in range(201)]
    history = table([*branches, *branches[:200]], [0.0] * 401)

    codes = fit_encoder(history, FEATURES).matrix(table(["b000", "b200"], [0.0, 0.0]))[:, 0]

    assert not np.isnan(codes[0])
    assert np.isnan(codes[1])


def test_a_category_that_history_never_filled_is_missing_for_everybody() -> None:
    encoder = fit_encoder(table([None, None], [30.0, 40.0]), FEATURES)

    assert np.isnan(encoder.matrix(table(["feed", None], [1.0, 2.0]))[:, 0]).all()

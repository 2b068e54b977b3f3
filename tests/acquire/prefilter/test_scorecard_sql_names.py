"""Names, levels and numbers of any bank come through SQL as they are, and nothing in them gets out of its quotes."""

import math
from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acquire.errors import BadInput
from acquire.prefilter import sql_text as sql
from acquire.prefilter.bins import CategoryBins, NumericBins
from acquire.prefilter.effects import Effects
from acquire.prefilter.scorecard_sql import scorecard_sql
from tests.acquire.prefilter.databases import Bank, open_bank
from tests.acquire.prefilter.sql_models import card_of, number_card, plain_model


@pytest.mark.parametrize("levels", [("A",), ("A", "")], ids=["text", "text that may be empty"])
def test_a_column_that_ignores_case_still_tells_levels_apart(levels: tuple[str, ...]) -> None:
    card = card_of(("c", CategoryBins(levels=levels), [1.0, 2.0, 4.0, 8.0]))
    leads = pd.DataFrame({"lead_id": ["x", "y"], "c": ["A", "a"]})
    with open_bank("sqlite:///:memory:") as bank:
        bank.load("leads", leads, kinds={"c": "TEXT COLLATE NOCASE"})
        assert bank.ask(scorecard_sql(card, table="leads"))["points"].tolist() == card.points(leads).tolist()


def test_the_banks_own_names_of_table_key_and_columns_are_used(bank: Bank) -> None:
    frame = pd.DataFrame({"Kunden Nr.": ["a", "b"], "requested": [1.0, 9.0]})
    table = "Acquire_values" if bank.dialect == "postgresql" else "ACQUIRE_VALUES"
    bank.load(table, frame)
    select = scorecard_sql(
        number_card([5.0], [1.0, 2.0, 3.0], "amount"),
        table=table,
        schema="main" if bank.dialect == "sqlite" else "public",
        own_names={"lead_id": "Kunden Nr.", "amount": "requested"},
    )
    answer = bank.ask(select)
    assert answer[["lead_id", "points"]].to_numpy().tolist() == [["a", 1.0], ["b", 2.0]]


def test_names_longer_than_the_database_keeps_stay_apart(bank: Bank) -> None:
    names = [f"{'变' * 30}{end}" for end in "ab"]
    card = card_of(*((name[:20], NumericBins(edges=(1.0,)), [1.0, 2.0, 3.0]) for name in names[:1]))
    shifted = replace(
        plain_model(card),
        offers=Effects(shift=dict(zip(names, (0.5, -0.5), strict=True)), sd=dict.fromkeys(names, 0.1)),
    )
    bank.load("leads", pd.DataFrame({"lead_id": ["a"], names[0][:20]: [1.0]}))
    answer = bank.ask(scorecard_sql(shifted, table="leads"))
    assert len(set(answer.columns)) == 6
    assert all(len(str(name).encode()) <= 63 for name in answer)
    assert answer.iloc[0, 4] > answer.iloc[0, 5]


def test_nothing_in_a_name_gets_out_of_the_comment() -> None:
    evil = "x\n; DROP TABLE leads; --\r\u2028*/"
    head = scorecard_sql(number_card([1.0], [1.0, 2.0, 3.0], evil), table="leads").split("\n")
    comment = head[: next(i for i, line in enumerate(head) if line.startswith("WITH"))]
    assert comment
    assert all(line.startswith("--") for line in comment)
    assert not any(line.startswith(("\r", "\u2028", ";")) for line in "\n".join(comment).splitlines())


@pytest.mark.parametrize("name", ["nul \0", "half \ud83d of a fox"])
def test_a_name_that_no_database_keeps_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot be written as SQL"):
        scorecard_sql(number_card([1.0], [1.0, 2.0, 3.0], name), table="leads")


# Everything but NUL and halves of characters, with what quotes and comments are made of coming up often.
TEXTS = st.text(
    st.one_of(st.sampled_from("'\"\\;-/*%:?$`[]\n\t "), st.characters(codec="utf-8", exclude_characters="\0"))
)


NAMES = TEXTS.filter(lambda name: 0 < len(name.encode()) <= 40)


@pytest.fixture(scope="module")
def postgres_bank(postgres_url: str) -> Iterator[Bank]:
    with open_bank(postgres_url) as bank:
        yield bank


@pytest.fixture(scope="module")
def banks(postgres_bank: Bank) -> Iterator[tuple[Bank, ...]]:
    """Both, open for many small questions."""
    with open_bank("sqlite:///:memory:") as sqlite:
        yield sqlite, postgres_bank


@given(table=NAMES, column=NAMES, levels=st.lists(TEXTS, min_size=1, max_size=4, unique=True), unseen=TEXTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_and_any_level_comes_through_the_quotes(
    banks: tuple[Bank, ...], table: str, column: str, levels: list[str], unseen: str
) -> None:
    bins = CategoryBins(levels=tuple(levels[:2]), rare=frozenset(levels[2:]), scored_unseen="worst")
    card = card_of((column, bins, [1.0, 2.0, 4.0, 8.0, 16.0]))
    frame = pd.DataFrame({"the key": range(len(levels) + 2)})
    frame[column] = pd.Series([*levels, unseen, None], dtype="str")
    for bank in banks:
        if column.casefold() == "the key" or table.casefold().startswith(("sqlite_", "pg_")):
            continue
        bank.load(table, frame)
        answer = bank.ask(scorecard_sql(card, table=table, key="the key"))
        bank.connection.execute(f"DROP TABLE {sql.name(table)}")
        assert answer.sort_values("the key")["points"].tolist() == card.points(frame).tolist()


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_number_reads_back_as_exactly_the_same_double(banks: tuple[Bank, ...], values: list[float]) -> None:
    for bank in banks:
        answer = bank.ask(f"SELECT {', '.join(f'{sql.double(value)} AS c{i}' for i, value in enumerate(values))}")
        # SQLite reads numbers below 1e-290 or above 1e290 a few last digits off: no edge or point lies there.
        for value, back in zip(values, answer.iloc[0].tolist(), strict=True):
            if value == 0 or 1e-290 < abs(value) < 1e290:
                assert back == value
            else:
                assert back == pytest.approx(value, rel=1e-12, abs=1e-290)


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(BadInput, match="finite"):
        sql.number(math.inf)

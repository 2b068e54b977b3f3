"""A challenger is stored safely: it reads back bit for bit, and what was damaged never reaches the library."""

import copy
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from acquire.errors import BadInput
from acquire.prefilter.challenger import Challenger
from acquire.prefilter.ranking_fit import ranking_from_content
from tests.acquire.prefilter.challengers import FEATURES, fitted, grid


def test_a_stored_challenger_predicts_the_same_bit_for_bit() -> None:
    challenger, frame = fitted()
    again = ranking_from_content(json.loads(json.dumps(challenger.to_content(), allow_nan=False)))
    leads = pd.concat([frame, grid(channel="radio"), grid(income=np.nan)])
    assert (again.log_odds_bad(leads) == challenger.log_odds_bad(leads)).all()
    assert (again.log_odds_errors(leads) == challenger.log_odds_errors(leads)).all()
    assert again.features == FEATURES
    assert again.to_content() == challenger.to_content()


def _damage(trees: dict[str, Any], how: str) -> None:
    if how == "truncated":
        trees["value"] = trees["value"][:7]
    elif how == "a circle":
        trees["left"][1] = 0
    elif how == "a leaf twice":
        trees["left"][-1] = trees["right"][-1]
    elif how == "outside":
        trees["right"][0] = 10**6
    elif how == "no column":
        trees["column"][0] = 99
    elif how == "a text":
        trees["threshold"][0] = "0.5\nleft_child=7"
    elif how == "infinite":
        trees["value"][0] = float("inf")
    elif how == "a category split":
        trees["decision"][0] = 1
    elif how == "huge":
        trees["leaves"][0] = 2**40
    else:
        del trees["left"]


DAMAGES = (
    "truncated",
    "a circle",
    "a leaf twice",
    "outside",
    "no column",
    "a text",
    "infinite",
    "a category split",
    "huge",
    "a key less",
)


def test_damaged_trees_are_bad_input_and_never_reach_the_library() -> None:
    """In a process of its own: given such trees as its own text, the library ends the process."""
    challenger, _ = fitted(n=600)
    damaged = []
    for how in DAMAGES:
        content = copy.deepcopy(challenger.to_content())
        _damage(content["boosted"]["trees"], how)
        damaged.append(content)
    lines = (
        "import json, sys",
        "from acquire.errors import BadInput",
        "from acquire.prefilter.challenger import Challenger",
        "for content in json.load(sys.stdin):",
        "    try:",
        "        Challenger.from_content(content)",
        "    except BadInput as error:",
        "        print(error)",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        input=json.dumps(damaged),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == len(DAMAGES)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.pop("columns"),
        lambda content: content.update(format=99),
        lambda content: content["columns"].pop(),
        lambda content: content["columns"][2]["log_odds"].pop(),
        lambda content: content.update(drawn=7),
        lambda content: content.update(widening=0.1),
        lambda content: content["signs"].append(1),
        lambda content: content["boosted"].update(start=float("nan")),
    ],
)
def test_a_damaged_file_is_bad_input(spoil: Any) -> None:
    content = copy.deepcopy(fitted(n=600)[0].to_content())
    spoil(content)
    with pytest.raises(BadInput, match=r"challenger"):
        Challenger.from_content(content)

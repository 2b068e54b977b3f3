"""Boosted trees as plain numbers that are safe to take from a stranger, and back as a booster that predicts the same.

LightGBM's own parser trusts its text: a truncated one ends the process, a crafted one reads outside its arrays. So no text from
outside is ever given to it. What is kept is the numbers of the trees; they are checked here, and the text that LightGBM
reads is written anew from them. Only trees over numbers are kept: categories are encoded before they get here.

    node i of a tree      goes left where column <= threshold; a missing value goes the way that `decision` says
    child >= 0            another node, always one with a higher number
    child < 0             leaf -child - 1
"""

import re
from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from acquire.errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LARGEST = float(np.finfo(np.float64).max)

# One thread, and no choice left to the machine: the same rows grow the same trees everywhere.
REPEATABLE: Mapping[str, Any] = {
    "max_bin": 63,
    "n_jobs": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
MOST_TREES = 10_000
MOST_LEAVES = 1_000

# Bit 2: a missing value goes left. Bits 4 and 8: what counts as missing, nothing (0) or NaN (8).
_DECISIONS = (0, 2, 8, 10)
_NODE_NUMBERS = {"column": "split_feature", "decision": "decision_type", "left": "left_child", "right": "right_child"}
_KEYS = ("leaves", *_NODE_NUMBERS, "threshold", "value")


def trees_to_content(booster: lgb.Booster) -> dict[str, Any]:
    """Give the trees of a booster over numbers as plain JSON values.

    Returns:
        `leaves` per tree; `column`, `decision`, `left`, `right`, `threshold` per node and `value` per leaf, one tree after the
        other.
    """
    text = booster.model_to_string()
    found = dict.fromkeys((*_NODE_NUMBERS.values(), "num_leaves", "threshold", "leaf_value"), "")
    for name, numbers in re.findall(r"^(\w+)=(.*)$", text[text.index("\nTree=") :], flags=re.MULTILINE):
        if name in found:
            found[name] += f"{numbers} "
    return {
        "leaves": [int(number) for number in found["num_leaves"].split()],
        **{key: [int(number) for number in found[name].split()] for key, name in _NODE_NUMBERS.items()},
        # "missing or not" is asked as "at most infinity", which JSON cannot say; no number is above the largest.
        "threshold": [min(float(number), _LARGEST) for number in found["threshold"].split()],
        "value": [float(number) for number in found["leaf_value"].split()],
    }


def booster_from_content(content: Mapping[str, Any], n_columns: int) -> lgb.Booster:
    """Give the booster whose trees `trees_to_content` gave; it predicts the same, bit for bit.

    Args:
        content: The trees, from anybody.
        n_columns: Columns of the matrix that will be predicted.

    Raises:
        BadInput: The numbers are no trees over that many columns.
    """
    leaves, numbers = _numbers(content)
    nodes = leaves - 1
    _check_sizes(leaves, numbers)
    _check_nodes(numbers, leaves, n_columns)
    starts, leaf_starts = np.cumsum(nodes) - nodes, np.cumsum(leaves) - leaves
    trees = [
        _tree_text(i, numbers, slice(start, start + size - 1), slice(leaf_start, leaf_start + size))
        for i, (start, leaf_start, size) in enumerate(
            zip(starts.tolist(), leaf_starts.tolist(), leaves.tolist(), strict=True)
        )
    ]
    return lgb.Booster(model_str="\n".join([_header(n_columns), *trees, "end of trees\n"]))


def _numbers(content: Mapping[str, Any]) -> tuple[Ints, dict[str, NDArray[Any]]]:
    if not isinstance(content, Mapping) or set(content) != set(_KEYS):
        raise _damaged("keys that are not those of trees")
    numbers: dict[str, NDArray[Any]] = {}
    for key in _KEYS:
        whole = key not in {"threshold", "value"}
        if not isinstance(content[key], list) or not all(_is_number(one, whole=whole) for one in content[key]):
            raise _damaged(f"{key} that is no list of numbers")
        numbers[key] = np.asarray(content[key], dtype=np.int64 if whole else np.float64)
    return numbers.pop("leaves"), numbers


def _is_number(value: object, *, whole: bool) -> bool:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return False
    return abs(value) < 2**31 if whole else bool(np.isfinite(value))


def _check_sizes(leaves: Ints, numbers: Mapping[str, NDArray[Any]]) -> None:
    if not 1 <= len(leaves) <= MOST_TREES or leaves.min() < 1 or leaves.max() > MOST_LEAVES:
        raise _damaged("too few or too many of them, or of their leaves")
    n_nodes = int((leaves - 1).sum())
    if {len(numbers[key]) for key in (*_NODE_NUMBERS, "threshold")} != {n_nodes}:
        raise _damaged("fewer or more nodes than leaves ask for")
    if len(numbers["value"]) != leaves.sum():
        raise _damaged("fewer or more values than leaves")


def _check_nodes(numbers: Mapping[str, NDArray[Any]], leaves: Ints, n_columns: int) -> None:
    column, decision = numbers["column"], numbers["decision"]
    if not ((column >= 0) & (column < n_columns)).all() or not np.isin(decision, _DECISIONS).all():
        raise _damaged("a node that asks for no column of ours, or in no way of ours")
    nodes = leaves - 1
    tree = np.repeat(np.arange(len(leaves)), nodes)
    node = np.arange(len(tree)) - np.repeat(np.cumsum(nodes) - nodes, nodes)
    child = np.concatenate([numbers["left"], numbers["right"]])
    parent, size = np.tile(node, 2), np.tile(leaves[tree], 2)
    # A child that is a node comes after its parent, so no path runs in a circle.
    if not np.where(child >= 0, (child > parent) & (child <= size - 2), child >= -size).all():
        raise _damaged("a branch that leads nowhere")
    where = np.tile(tree, 2) * 2 * MOST_LEAVES + np.where(child >= 0, child, MOST_LEAVES - child - 1)
    if len(np.unique(where)) < len(where):
        raise _damaged("two branches that lead to one place")


def _header(n_columns: int) -> str:
    names = " ".join(f"Column_{j}" for j in range(n_columns))
    return (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n"
        f"max_feature_idx={n_columns - 1}\nfeature_names={names}\nfeature_infos={' '.join(['none'] * n_columns)}\n"
    )


def _tree_text(i: int, numbers: Mapping[str, NDArray[Any]], here: slice, leaves: slice) -> str:
    lines = [f"Tree={i}", f"num_leaves={leaves.stop - leaves.start}", "num_cat=0"]
    if here.stop > here.start:
        lines += [f"{name}={' '.join(map(str, numbers[key][here].tolist()))}" for key, name in _NODE_NUMBERS.items()]
        lines.append(f"threshold={_exact(numbers['threshold'][here])}")
    return "\n".join([*lines, f"leaf_value={_exact(numbers['value'][leaves])}", "shrinkage=1", "", ""])


def _exact(numbers: Floats) -> str:
    return " ".join(f"{number:.17g}" for number in numbers.tolist())


def _damaged(what: str) -> BadInput:
    return BadInput(f"the trees of the challenger have {what}; use a file that this version wrote")

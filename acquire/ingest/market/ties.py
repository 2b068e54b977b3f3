"""What else ties people: the companies they own or work for, and dormitories. Made from a stream of chance of its own.

Most of it is innocent: a dormitory or a large employer is a key that many honest people share. Shell companies are not: a few
fraudsters own them, others say that they work there.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from acquire.ingest.market.terms import Ints

Flags = NDArray[np.bool_]

_DORMITORY_SHARE = 0.1  # of those under 30: workers and students
_PEOPLE_PER_DORMITORY = 80
_EMPLOYER_KNOWN_SHARE = 0.3  # of the salaried
_SMALL_EMPLOYER_SHARE = 0.2  # of those: they work for one of the small businesses
_PEOPLE_PER_EMPLOYER = 25
_PEOPLE_PER_SHELL = 12
_SHELL_SHARE = 0.6  # of the fraudsters
_SECOND_OWNER_SHARE = 0.1  # of the small businesses


def draw_ties(people: pd.DataFrame, fraud: Flags, rng: np.random.Generator) -> pd.DataFrame:
    """Draw dormitories and companies.

    Args:
        people: One row per person: `age`, `employment`, `small_business`.
        fraud: Whether each person is a fraudster, shape (n_people,).
        rng: The only source of chance.

    Returns:
        One row per tie: person (number), kind (address, company), key (opaque), role.
    """
    lodgers = _some((people["age"] < 30).to_numpy() & ~fraud, _DORMITORY_SHARE, rng)
    homes = pd.DataFrame(
        {"person": lodgers, "key": _crowded(len(lodgers), _PEOPLE_PER_DORMITORY, rng), "role": "resident"}
    )
    works = _companies(people, fraud, rng)
    return pd.concat(
        [homes.assign(kind="address", key=_opaque("A", homes["key"], rng)),
         works.assign(kind="company", key=_opaque("C", works["key"], rng))],
        ignore_index=True,
    )[["person", "kind", "key", "role"]]  # fmt: skip


def _companies(people: pd.DataFrame, fraud: Flags, rng: np.random.Generator) -> pd.DataFrame:
    owners = np.flatnonzero((people["small_business"] == 1).to_numpy() & ~fraud)
    second = _some(~fraud, _SECOND_OWNER_SHARE * len(owners) / max(len(people), 1), rng)
    crooks = rng.permutation(_some(fraud, _SHELL_SHARE, rng))
    n_shells = max(1, len(crooks) // _PEOPLE_PER_SHELL)
    shell = np.arange(len(crooks)) % n_shells
    parts = [
        (owners, np.arange(len(owners)), "owner"),
        (second, rng.integers(0, max(len(owners), 1), len(second)), "director"),
        (crooks, len(owners) + shell, np.where(np.arange(len(crooks)) < n_shells, "owner", "employee")),
        _employees(people, fraud, len(owners), len(owners) + n_shells, rng),
    ]
    frames = [pd.DataFrame({"person": person, "key": key, "role": role}) for person, key, role in parts]
    return pd.concat(frames, ignore_index=True).drop_duplicates(["person", "key"])


def _employees(
    people: pd.DataFrame, fraud: Flags, n_small: int, n_before: int, rng: np.random.Generator
) -> tuple[Ints, Ints, str]:
    """Salaried people at the small businesses (keys below `n_small`) and at employers of all sizes (`n_before` and up)."""
    salaried = _some((people["employment"] == "salaried").to_numpy() & ~fraud, _EMPLOYER_KNOWN_SHARE, rng)
    at_small = (rng.random(len(salaried)) < _SMALL_EMPLOYER_SHARE) & (n_small > 0)
    employer = n_before + _crowded(len(salaried), _PEOPLE_PER_EMPLOYER, rng)
    return salaried, np.where(at_small, rng.integers(0, max(n_small, 1), len(salaried)), employer), "employee"


def _crowded(n: int, per_key: int, rng: np.random.Generator) -> Ints:
    """Key of each of `n` people, about `per_key` on each: some keys are several times as crowded as others."""
    n_keys = max(1, n // per_key)
    pull = rng.gamma(1.0, 1.0, n_keys)
    return rng.choice(n_keys, n, p=pull / pull.sum()).astype(np.int64)


def _some(who: Flags, share: float, rng: np.random.Generator) -> Ints:
    return np.flatnonzero(who & (rng.random(len(who)) < share))


def _opaque(letter: str, key: "pd.Series[int]", rng: np.random.Generator) -> NDArray[np.str_]:
    """Ids whose order tells nothing, apart from those drawn elsewhere."""
    numbers, _ = pd.factorize(key)
    names = np.char.add(letter, (2_000_000_000 + rng.permutation(len(numbers))).astype(str))
    return np.asarray(names[numbers])

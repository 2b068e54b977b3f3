"""Groups of leads in place of single leads: one option per cell and offer, of as many people as its leads stand for."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

from acquire.allocate.options import Floats, Ints, Options

_CODES = ("channel", "partner", "affiliate", "region")


def group_options(options: Options, cell: Ints, n_cells: int) -> Options:
    """Give the option table of cells: every figure is the mean of a cell's leads, weighted by what each stands for.

    An option of cell k has `lead` and `person` k; the cell's size is that of its people together. Where the leads of a cell
    differ in region the cell has none, and it belongs to a group where most of its leads do: cells that limits on those speak
    of should not mix them.

    Args:
        options: Of single or weighted leads, n options.
        cell: Cell of each option's lead, 0 .. n_cells - 1, shape (n,); cells lie within one channel.
        n_cells: How many cells.
    """
    size = np.ones(len(options)) if options.size is None else options.size
    n_offers = len(options.offer_names)
    keys = cell * n_offers + options.offer
    key, place = np.unique(keys, return_inverse=True)
    weight = np.bincount(place, weights=size).astype(np.float64)
    firsts = np.unique(options.lead, return_index=True)[1]  # each lead once, whatever it can be offered
    people = np.bincount(cell[firsts], weights=size[firsts], minlength=n_cells)
    figures = {
        field.name: _mean(getattr(options, field.name), size, place, weight)
        for field in dataclasses.fields(options)
        if isinstance(getattr(options, field.name), np.ndarray)
    }
    codes = {name: _common(getattr(options, name), place, len(key)) for name in _CODES}
    groups = {name: _mean(flags.astype(float), size, place, weight) > 0.5 for name, flags in options.groups.items()}
    numbers = {"lead": key // n_offers, "person": key // n_offers, "offer": key % n_offers}
    return dataclasses.replace(
        options, **{**figures, **codes, **numbers, "groups": groups, "size": people[key // n_offers]}
    )


def _mean(values: NDArray[Any], size: Floats, place: NDArray[np.intp], weight: Floats) -> Floats:
    if values.ndim == 1:
        mean: Floats = np.bincount(place, weights=values * size, minlength=len(weight)) / weight
        return mean
    return np.column_stack([_mean(column, size, place, weight) for column in values.T]).reshape(len(weight), -1)


def _common(codes: Ints, place: NDArray[np.intp], n: int) -> Ints:
    """The code that all have, else -1."""
    low, high = np.full(n, np.iinfo(np.int64).max), np.full(n, -1, dtype=np.int64)
    np.minimum.at(low, place, codes)
    np.maximum.at(high, place, codes)
    return np.where(low == high, high, -1)

"""What happened in place of what was expected: the figures of contacts whose outcomes are known.

Everything that a booking brings or costs is shared out as it was expected per booking, so with p the chance to book

    booked        0 or 1; its coin is thrown, and no model error is left in it
    figure        figure / p where it booked, 0 where not      (amount, value before spend, bad accounts ...)
    incremental   with p0 the chance without the contact, and the same luck in both:
                      p > p0:   1 - p0 / p where it booked, 0 where not
                      p <= p0:  0 where it booked, (p - p0) / (1 - p) where not
    bad           0 or 1 where that is known too; else as expected of a booking, with its uncertainty

so that every limit speaks of what happened and of what is still to come.
"""

from dataclasses import replace

import numpy as np

from acquire.allocate.options import Flags, Floats, Options
from acquire.domain import Objective


def as_happened(options: Options, booked: Floats, bad: Floats, objective: Objective) -> Options:
    """The options with the outcomes of contacts that were made.

    Args:
        options: n options; of one contact each.
        booked: 0 or 1 where it is known whether the contact booked, else NaN, shape (n,).
        bad: 0 or 1 where the booking has matured, else NaN, shape (n,).
        objective: What `gain` counts.
    """
    known = ~np.isnan(booked)
    if not known.any():
        return options
    count = np.where(known, booked, 0.0)
    bookings = np.where(known, np.divide(count, options.booked, out=count.copy(), where=options.booked > 0), 1.0)
    mature = known & ~np.isnan(bad)
    bads = np.where(mature, count * np.nan_to_num(bad), bookings * options.bad)
    per_bad = np.divide(bads, options.bad, out=np.zeros(len(bads)), where=options.bad > 0)
    per_bad = np.where(known, per_bad, 1.0)
    incremental = np.where(known, _incremental(options, count), options.incremental)
    value = _value(options, bookings, bads, known)
    gain = {"incremental_value": value, "incremental_accounts": incremental, "spend": options.gain}[objective.goal]
    return replace(
        options,
        booked=np.where(known, count, options.booked),
        incremental=incremental,
        bad=bads,
        incremental_bad=options.incremental_bad * per_bad,
        amount=options.amount * bookings,
        bad_amount=options.bad_amount * per_bad,
        approvals=_approvals(options, count, known),
        expected_loss=options.expected_loss * per_bad,
        value=value,
        gain=np.where(known, gain, options.gain),
        bad_loadings=options.bad_loadings * np.where(mature, 0.0, bookings)[:, None],
        booked_loadings=options.booked_loadings * (~known)[:, None],
    )


def _incremental(options: Options, count: Floats) -> Floats:
    """Extra accounts, given whether the contact booked (module docstring)."""
    p, extra, nothing = options.booked, options.incremental, np.zeros(len(count))
    of_booked = np.divide(extra, p, out=nothing.copy(), where=p > 0)
    of_others = np.divide(extra, 1 - p, out=nothing.copy(), where=p < 1)
    return np.where(extra > 0, of_booked * count, of_others * (1 - count))


def _value(options: Options, bookings: Floats, bads: Floats, known: Flags) -> Floats:
    """Value with the revenue of the bookings that came, less what more of them went bad than such bookings do."""
    loss = np.divide(options.expected_loss, options.bad, out=np.zeros(len(bads)), where=options.bad > 0)
    more = np.nan_to_num((bads - bookings * options.bad) * loss)
    value = (options.value + options.spend) * bookings - more - options.spend
    return np.where(known, value, options.value)


def _approvals(options: Options, count: Floats, known: Flags) -> Floats:
    """Who booked was approved; who did not may have been."""
    p = options.booked
    others = np.divide(options.approvals - p, 1 - p, out=np.zeros(len(p)), where=p < 1)
    given = np.where(count == 1, 1.0, np.clip(others, 0.0, 1.0))
    return np.where(known & ~np.isnan(options.approvals), given, options.approvals)

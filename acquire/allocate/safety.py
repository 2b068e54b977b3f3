"""The price of safety: what the promise on the bad rate costs, beside a limit held on average and one held cell by cell.

Three plans of the same question differ in the promise alone:

    on average   sum((bad - cap * booked) x) <= 0                              broken about every other time
    promised     ... + z * sd(x) <= 0                                          the plan's own: one promise about the whole plan
    cell by cell ... + z * (sum(|L_j| x_j), coins) <= 0                        every estimate at its worst end at once

In the last, |L_j| is the length of option j's own model errors (certainty.py): errors of different cells are added up as if they
came together, which no portfolio of cells does. It is what holding each cell below its own upper bound amounts to.

References:
    Soyster (1973), Convex Programming with Set-Inclusive Constraints (every figure at its worst).
    Bertsimas, Sim (2004), The Price of Robustness.
"""

from dataclasses import replace

import numpy as np

from acquire.allocate.leads import solve_shares
from acquire.allocate.options import Floats, Options
from acquire.allocate.plan_totals import total
from acquire.allocate.posed import Posed, Question, pose
from acquire.allocate.rows import Row
from acquire.allocate.tangents import Tangents
from acquire.outlook import PromiseKind, SafetyLine, SafetyPrice


def price_of_safety(question: Question, contacts: Floats) -> SafetyPrice | None:
    """Price the promise on the bad rate; None where there is no cap or it is held on average anyway.

    Args:
        question: What the plan was asked.
        contacts: The plan: contacts of each option, shape (n,).
    """
    limits = question.limits
    if limits.max_bad_rate is None or limits.bad_rate_confidence == 0.5 or limits.max_bad_rate >= 1:
        return None
    own = pose(question, contacts)
    average = replace(question, limits=replace(limits, bad_rate_confidence=0.5))
    strict = replace(question, options=errors_at_once(question.options, limits.max_bad_rate))
    return SafetyPrice(
        confidence=limits.bad_rate_confidence,
        basis=limits.bad_rate_basis,
        max_bad_rate=limits.max_bad_rate,
        lines=(
            _line(own, "average", _solved(average, contacts)),
            _line(own, "promised", contacts),
            _line(own, "cell by cell", _solved(strict, contacts)),
        ),
    )


def errors_at_once(options: Options, cap: float) -> Options:
    """Options whose model errors all come together: one error, in which each counts with its own length."""
    lengths = np.linalg.norm(options.bad_loadings - cap * options.booked_loadings, axis=1)[:, None]
    return replace(options, bad_loadings=lengths, booked_loadings=np.zeros_like(lengths))


def _solved(question: Question, contacts: Floats) -> Floats | None:
    """The best plan with shares of contacts, as contacts of each option; None where the limits cannot be met."""
    posed = pose(question, contacts)
    # From the beginning: the prices of another promise are so far off that samples lead there sooner.
    relaxed = solve_shares(posed.problem, Tangents(), question.seed)
    return None if relaxed.broken else posed.contacts(relaxed.x)


def _line(own: Posed, promise: PromiseKind, contacts: Floats | None) -> SafetyLine:
    met = contacts is not None and bool(contacts.any())
    chosen = contacts if contacts is not None else np.zeros(len(own.question.options))
    totals = total(own.question.options, chosen, own.question.channels)
    return SafetyLine(
        promise=promise,
        met=met,
        contacts=totals.contacts,
        spend=totals.spend,
        incremental=totals.incremental,
        value=totals.value,
        bad_rate=totals.bad / totals.booked if totals.booked > 0 else float("nan"),
        bad_rate_held=_held(own.problem.rows, own.columns(chosen)),
    )


def _held(rows: tuple[Row, ...], x: Floats) -> float:
    return next(row.spread.stated_quantile(x) for row in rows if row.name == "max_bad_rate" and row.spread is not None)

"""A plan's question, posed once more with the switches as they are: for other limits, other promises, fewer days."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from acquire.allocate.charged import Charged, Setting, charge_channels
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.problem import People, Problem
from acquire.allocate.rows import Row
from acquire.allocate.rulebook import list_limits
from acquire.domain import Channel, Limits, Objective

_NOBODY: Ints = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a plan was asked: everything that `allocate` takes.

    Attributes:
        options: n options.
        limits, channels, objective: As in the plan file.
        forced: Positions of options that are part of the plan in any case.
        seed: Of samples.
    """

    options: Options
    limits: Limits
    channels: tuple[Channel, ...]
    objective: Objective
    forced: Ints
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posed:
    """A question as a problem in which every switch is on or off.

    Attributes:
        question: Behind it.
        problem: Options of channels that are on, then what those channels charge.
        at: Position of each column of the problem among all options, then all charges.
        charged: The problem with every switch open; None where channels charge per contact only.
    """

    question: Question
    problem: Problem
    at: Ints
    charged: Charged | None = None

    def contacts(self, x: Floats) -> Floats:
        """A plan of the problem's columns as contacts of each option, shape (n,)."""
        contacts = np.zeros(len(self.question.options))
        mine = np.flatnonzero(self.at < len(contacts))
        contacts[self.at[mine]] = x[mine]
        return contacts

    def columns(self, contacts: Floats) -> Floats:
        """Contacts of each option as a plan of the problem's columns, with what channels then charge."""
        if self.charged is None:
            return contacts[self.at]
        x = np.r_[contacts, np.zeros(len(self.charged.charges))]
        return self.charged.completed(x)[self.at]


def pose(question: Question, contacts: Floats | None = None, rows: Sequence[Row] = ()) -> Posed:
    """Make a problem of a question.

    Args:
        question: What is asked.
        contacts: Of each option, shape (n,): channels with a switch are on where they have contacts; None = all are on.
        rows: More limits over the options.
    """
    options = question.options
    problem = Problem(
        gain=options.gain,
        people=People.of(options.person, options.size),
        rows=(*list_limits(options, question.limits, question.channels), *rows),
        forced=question.forced,
    )
    charged = charge_channels(problem, options, question.limits, question.channels, question.objective)
    if charged is None:
        return Posed(question=question, problem=problem, at=np.arange(len(problem)))
    decided, at = charged.at(_setting(charged, contacts), ())
    return Posed(question=question, problem=decided, at=at, charged=charged)


def _setting(charged: Charged, contacts: Floats | None) -> Setting:
    on = frozenset(name for name in charged.switched if contacts is None or (contacts @ charged.mine(name)) > 0)
    return Setting(on=on, off=frozenset(charged.switched) - on)

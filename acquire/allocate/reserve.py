"""The random reserve: a small part of the plan that chance chooses, so that later plans can learn what this one would not try.

A person is drawn with a chance e that is known beforehand, then one of its options with the chance q. With c the chance to be
kept back as a control, and a plan that would choose one option or none for the person if it were not drawn, the chance of an
option is

    P(option) = (1 - c) * (e * q(option) + (1 - e) * [the plan would choose it])

and of no contact what is left. These are the chances that history's column `propensity` holds. The plan's own choice hangs on the
draw of one person only through the prices, which are the same with and without one person among many.

References:
    Dudik, Langford and Li (2011), "Doubly Robust Policy Evaluation and Learning", ICML (why the chances have to be logged).
    Madow (1949), "On the Theory of Systematic Sampling, II", Annals of Mathematical Statistics 20 (the draw).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from acquire.allocate.options import Flags, Floats, Ints, Options
from acquire.allocate.problem import People
from acquire.allocate.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Who is contacted by chance.

    Attributes:
        chosen: Positions of the options drawn, ascending; at most one per person.
        chance: e of the person behind each option, shape (n,).
        chance_of_option: e * q of each option, shape (n,).
    """

    chosen: Ints
    chance: Floats
    chance_of_option: Floats


def draw_reserve(
    options: Options,
    rows: Iterable[Row],
    share: float,
    rng: np.random.Generator,
    *,
    may: Flags,
    free: Flags,
    control_share: float = 0.0,
) -> Reserve:
    """Draw so many people that the reserve is expected to use at most `share` of every amount that is capped.

        e = share * min over capped amounts that the person uses of min(1, allowed / what everybody together would use)

    where a person uses the mean over its options. Of the budget the reserve is so expected to spend `share`, or less where
    another cap is tighter. Everybody is drawn with exactly this chance, and the number drawn is within 1 of its expectation.

    Args:
        options: Everything that may be done with anybody, those kept back as controls too.
        rows: The limits; only caps on amounts count.
        share: Fraction in [0, 1).
        rng: Draws people and options.
        may: Options that may be drawn, shape (n,).
        free: Options of people who were not kept back, shape (n,); nobody else is drawn.
        control_share: c, the chance to be kept back.
    """
    people = People.of(options.person)
    per_option = may / np.maximum(np.bincount(people.code[may], minlength=len(people)), 1)[people.code]
    chance = _chance(people, rows, share, per_option, 1 - control_share)
    chance_of_option = chance[people.code] * per_option
    chosen = _drawn(np.where(free, chance_of_option, 0.0), options.channel, people, rng)
    return Reserve(chosen=chosen, chance=chance[people.code], chance_of_option=chance_of_option)


def propensities(
    lead: Ints,
    offer: Ints,
    chance: Floats,
    chance_of_option: Floats,
    planned: Ints,
    control_share: float,
    *,
    shape: tuple[int, int],
) -> Floats:
    """The chance of each offer and of no contact, for every lead.

    Args:
        lead, offer: Of every option of those who may be contacted, those kept back too, shape (n,).
        chance, chance_of_option: As in `Reserve`, shape (n,); zeros without a reserve.
        planned: Positions of the options that the plan would choose for those not drawn; at most one per person.
        control_share: c.
        shape: Leads, offers.

    Returns:
        Shape (leads, offers + 1), no contact last; rows add up to 1. NaN for leads without an option, whom no lot could contact.
    """
    of_option = chance_of_option.copy()
    of_option[planned] += 1 - chance[planned]
    table = np.full((shape[0], shape[1] + 1), np.nan)
    table[lead] = 0.0
    table[lead, offer] = (1 - control_share) * of_option
    table[:, -1] = 1 - table[:, :-1].sum(axis=1)
    return table


def _chance(people: People, rows: Iterable[Row], share: float, per_option: Floats, kept: float) -> Floats:
    """e of everybody, shape (n_people,)."""
    n = len(people)
    drawable = np.bincount(people.code, weights=per_option, minlength=n) > 0
    chance = np.where(drawable, share, 0.0)
    for row in rows:
        if row.base is None and not row.at_least:
            use = np.bincount(people.code, weights=row.coefficients * per_option, minlength=n)
            total = kept * float(np.maximum(use, 0.0).sum())
            if total > row.allowed:
                chance = np.where(use > 0, np.minimum(chance, share * row.allowed / total), chance)
    return chance


def _drawn(chance: Floats, channel: Ints, people: People, rng: np.random.Generator) -> Ints:
    """Options at which the running total of the chances, from a random start, passes a whole number.

    People stand in a random order within their first channel, the options of a person next to each other: so no person is drawn
    twice, and every channel gets its due.
    """
    first = np.zeros(len(people), dtype=np.int64)
    first[people.code[::-1]] = channel[::-1]
    place = np.empty(len(people))
    place[np.lexsort((rng.random(len(people)), first))] = np.arange(len(people))
    order = np.argsort(place[people.code], kind="stable")
    total = np.floor(np.r_[0.0, np.cumsum(chance[order])] + rng.random())
    return np.sort(order[total[1:] > total[:-1]])

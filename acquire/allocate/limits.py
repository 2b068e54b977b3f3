"""The limits that the whole plan and each of its parts can have, one function per rule; rulebook.py lists them.

x_j in {0, 1} stands for "option j is chosen"; sums run over the options of the part. The name of a row is the plan file's key,
with the part in brackets.
"""

from collections.abc import Callable

from acquire.allocate.certainty import spread_of_bad_rate
from acquire.allocate.parts import Part
from acquire.allocate.rows import Row
from acquire.domain import Limits

LOSS_NEEDS = "revenue and bad"


def limit_budget(part: Part, budget: float) -> Row:
    """Spend no more than the budget: sum(spend x) <= budget."""
    return part.row("budget", "money", part.of(part.options.spend), budget)


def limit_spend(part: Part, max_spend: float) -> Row:
    """Spend no more on the part: sum(spend x) <= max_spend."""
    return part.row("max_spend", "money", part.of(part.options.spend), max_spend)


def limit_spend_floor(part: Part, min_spend: float) -> Row:
    """Spend at least what was promised: sum(spend x) >= min_spend."""
    return part.row("min_spend", "money", part.of(part.options.spend), min_spend, at_least=True)


def limit_contacts(part: Part, max_contacts: float) -> Row:
    """Contact no more people than there is room for: sum(x) <= max_contacts."""
    return part.row("max_contacts", "contacts", part.contacts(), max_contacts)


def limit_contact_floor(part: Part, min_contacts: float) -> Row:
    """Contact at least as many people as were promised: sum(x) >= min_contacts."""
    return part.row("min_contacts", "contacts", part.contacts(), min_contacts, at_least=True)


def limit_approvals(part: Part, max_approvals: float) -> Row:
    """Approve no more than the back office can handle: sum(approvals x) <= max_approvals.

    Raises:
        BadInput: History has no `approved`, so the chance of an approval is not known.
    """
    approvals = part.known(part.options.approvals, "max_approvals", "approved")
    return part.row("max_approvals", "accounts", approvals, max_approvals)


def limit_calls(part: Part, max_calls: float) -> Row:
    """Make no more work than the call centre can handle: sum(calls x) <= max_calls.

        calls = calls_per_contact + calls_per_applied * P(applies),   both of the channel

    Raises:
        BadInput: History has no `applied`, and a channel counts calls per application.
    """
    calls = part.known(part.options.calls, "max_calls", "applied")
    return part.row("max_calls", "calls", calls, max_calls)


def limit_expected_loss(part: Part, max_expected_loss: float) -> Row:
    """Lend no more at risk than this much money: sum(bad * loss given bad * x) <= max_expected_loss.

    Raises:
        BadInput: What a bad booking costs is not known.
    """
    loss = part.known(part.options.expected_loss, "max_expected_loss", LOSS_NEEDS)
    return part.row("max_expected_loss", "money", loss, max_expected_loss)


def limit_bad_rate(part: Part, limits: Limits, max_bad_rate: float) -> Row:
    """Keep the bad rate of everything booked under the cap, with the stated confidence.

    A ratio is not linear, so both sides are multiplied by the booked accounts:

        sum(bad x) / sum(booked x) <= cap   becomes   sum((bad - cap * booked) x) <= 0

    The two agree while something is booked; with nothing booked the row holds as 0 <= 0. At a confidence above 0.5,
    z * sd(x) is added to the left side (certainty.py).

    Args:
        part: Whose bookings.
        limits: For `bad_rate_confidence` and `bad_rate_basis`.
        max_bad_rate: Cap as a fraction in [0, 1].

    Raises:
        BadInput: History has no `bad`.
    """
    return Row(
        name=part.name("max_bad_rate"),
        unit="rate",
        figure=part.known(part.options.bad, "max_bad_rate", "bad"),
        base=part.of(part.options.booked),
        allowed=max_bad_rate,
        spread=spread_of_bad_rate(
            part.options, part.members, max_bad_rate, limits.bad_rate_confidence, limits.bad_rate_basis
        ),
    )


def limit_incremental_bad_rate(part: Part, max_incremental_bad_rate: float) -> Row:
    """Keep the bad rate of the accounts that were bought under the cap, on expectation.

        sum(incremental_bad x) / sum(incremental x) <= cap   becomes   sum((incremental_bad - cap * incremental) x) <= 0

    Organic customers, who would have come anyway, are in neither sum and so cannot dilute what is bought.
    """
    key = "max_incremental_bad_rate"
    bad = part.known(part.options.incremental_bad, key, "bad")
    return part.row(key, "rate", bad, max_incremental_bad_rate, base=part.of(part.options.incremental))


def limit_bad_amount_rate(part: Part, max_bad_amount_rate: float) -> Row:
    """Keep the share of the booked money that goes bad under the cap, on expectation.

        sum(bad_amount x) / sum(amount x) <= cap   becomes   sum((bad_amount - cap * amount) x) <= 0

    Raises:
        BadInput: Amounts or bad labels are not known.
    """
    key = "max_bad_amount_rate"
    bad = part.known(part.options.bad_amount, key, "amount and bad")
    return part.row(key, "rate", bad, max_bad_amount_rate, base=part.known(part.options.amount, key, "amount"))


def limit_cac(part: Part, max_cac: float) -> Row:
    """Pay no more per booked account: sum(spend x) / sum(booked x) <= cap becomes sum((spend - cap * booked) x) <= 0."""
    return part.row("max_cac", "money", part.of(part.options.spend), max_cac, base=part.of(part.options.booked))


def limit_incremental_cac(part: Part, max_incremental_cac: float) -> Row:
    """Pay no more per account that was bought, those who would have come anyway not counted.

    sum(spend x) / sum(incremental x) <= cap   becomes   sum((spend - cap * incremental) x) <= 0
    """
    spend, incremental = part.of(part.options.spend), part.of(part.options.incremental)
    return part.row("max_incremental_cac", "money", spend, max_incremental_cac, base=incremental)


def limit_incremental_accounts(part: Part, min_incremental_accounts: float) -> Row:
    """Bring at least so many accounts that would not have come: sum(incremental x) >= min_incremental_accounts."""
    incremental = part.of(part.options.incremental)
    return part.row("min_incremental_accounts", "accounts", incremental, min_incremental_accounts, at_least=True)


# In the order of the plan file's page; the bad rate, which needs the confidence too, comes between amounts and rates.
AMOUNTS: dict[str, Callable[[Part, float], Row]] = {
    "max_spend": limit_spend,
    "min_spend": limit_spend_floor,
    "max_contacts": limit_contacts,
    "min_contacts": limit_contact_floor,
    "max_approvals": limit_approvals,
    "max_calls": limit_calls,
    "max_expected_loss": limit_expected_loss,
}
RATIOS: dict[str, Callable[[Part, float], Row]] = {
    "max_incremental_bad_rate": limit_incremental_bad_rate,
    "max_bad_amount_rate": limit_bad_amount_rate,
    "max_cac": limit_cac,
    "max_incremental_cac": limit_incremental_cac,
    "min_incremental_accounts": limit_incremental_accounts,
}

"""What the plan's contacts are worth beside what they cost, and the way to it from what runs today."""

from itertools import accumulate

from dash import html

from campaigns.plan_document import PlanDocument
from campaigns.report_current import next_price_table, price_table, say_sampled, waterfall_table
from campaigns.report_words import WordTable
from dashboards.components import Component, card, words_table


def prices(plan: PlanDocument) -> Component:
    """Show the steps from today's plan, and the fair price sheet."""
    today = plan.waterfall
    parts = [
        *(
            _words(
                "From what runs today to this plan",
                today.verdict,
                waterfall_table(today, plan.objective, plan.currency),
            )
            if today
            else ()
        ),
        *_words(
            "Fair prices: all that is planned",
            f"All in, in {plan.currency}; at the highest price the plan does as well without these contacts. 90 % intervals. "
            + say_sampled(plan.price_sheet),
            price_table(plan.price_sheet),
        ),
        *_words(
            "Fair prices: the next contact",
            f"All in, in {plan.currency}; at the highest price one contact more neither adds nor costs anything.",
            next_price_table(plan.price_sheet),
        ),
    ]
    return html.Div(parts or card("Prices", html.P("This plan has no price sheet.", className="about")))


def _words(title: str, about: str, table: WordTable) -> list[Component]:
    """Show a table in words, its grouped heads written out; nothing where it has no rows."""
    if not table.rows:
        return []
    shown = words_table(written_out(table), table.rows, numbers=range(1, len(table.heads)))
    return [card(title, shown, about=about, className="spaced")]


def written_out(table: WordTable) -> tuple[str, ...]:
    """Name each column by its group and its head: 'Per contact, now'."""
    if not table.groups:
        return table.heads
    ends = list(accumulate(width for _, width in table.groups))
    groups = [
        next(name for (name, _), end in zip(table.groups, ends, strict=True) if n < end)
        for n in range(len(table.heads))
    ]
    return tuple(f"{group}, {head}" if group else head for group, head in zip(groups, table.heads, strict=True))

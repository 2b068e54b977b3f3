"""What stands beside a plan: what runs today, and what the plan would pay at most. All of it is made after the choice."""

import dataclasses
from dataclasses import dataclass

from acquire.domain import CurrentPlan
from campaigns.choice import Choice, Market
from campaigns.current_document import FairPriceLine, Waterfall
from campaigns.held_out import HeldOut
from campaigns.plan_document import PlanDocument
from campaigns.price_sheets import make_price_sheet
from campaigns.today import hold_against_today


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """What stands beside a plan.

    Attributes:
        waterfall: From what runs today to the plan; None where nobody said what runs.
        price_sheet: What the plan would pay at most, per channel and tier.
    """

    waterfall: Waterfall | None = None
    price_sheet: tuple[FairPriceLine, ...] = ()

    def added_to(self, document: PlanDocument) -> PlanDocument:
        """The document with the comparisons."""
        sentences = () if self.waterfall is None else _warnings(self.waterfall)
        return dataclasses.replace(
            document,
            waterfall=self.waterfall,
            price_sheet=self.price_sheet,
            warnings=(*document.warnings, *sentences),
        )


def compare(
    market: Market, held_out: HeldOut, choice: Choice, current: CurrentPlan | None, currency: str
) -> tuple[Choice, Comparisons]:
    """Hold the choice against what runs today, which may take its place, and price what it buys."""
    waterfall = None
    if current is not None:
        choice, waterfall = hold_against_today(market, held_out, choice, current, currency)
    return choice, Comparisons(waterfall=waterfall, price_sheet=make_price_sheet(market, choice))


def _warnings(waterfall: Waterfall) -> tuple[str, ...]:
    """What somebody should know before signing: today's plan breaks limits, cannot be done, or would bring more."""
    short = tuple(
        f"what runs today asks for {line.wanted:,} contacts in {line.channel} with {line.offer}; the leads at hand allow "
        f"{line.possible:,.0f}"
        for line in waterfall.shortfalls
    )
    return (*([waterfall.verdict] if waterfall.breaches else []), *short)

"""What each contact of a channel brings less, beyond so many of them: a channel that gets more than usual is worn out."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from itertools import pairwise

from acquire.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class SaturationStep:
    """One step: contacts beyond `from_contacts`, up to the next step, bring less than the leads promise by so much each.

    Attributes:
        from_contacts: The first so many contacts bring what they promise, or what an earlier step says.
        booked, incremental: Accounts lost per contact.
        amount, value: Money lost per contact; 0 where amounts or revenue are not known.
    """

    from_contacts: float
    booked: float
    incremental: float
    amount: float = 0.0
    value: float = 0.0

    def lost(self, figure: str) -> float:
        """What a contact brings less of one figure; nothing of those that the step does not name."""
        return float(getattr(self, figure)) if figure in LOST else 0.0


LOST = tuple(field.name for field in fields(SaturationStep) if field.name != "from_contacts")


def check_saturation(channel: str, steps: Sequence[SaturationStep]) -> None:
    """Raise BadInput unless the steps begin one after the other and none loses less than the one before."""
    for first, second in pairwise(steps):
        if second.from_contacts <= first.from_contacts or second.incremental < first.incremental:
            raise BadInput(
                f"saturation of channel {channel} eases from {first.from_contacts:g} to {second.from_contacts:g} contacts; a "
                "channel may only wear out"
            )

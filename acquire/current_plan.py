"""What runs today, as its owner lists it: so many contacts per channel and offer. Standard library only."""

from collections.abc import Iterable
from dataclasses import dataclass

from acquire.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentContacts:
    """One row of the table of the plan in force.

    Attributes:
        contacts: How many leads of `channel` are contacted with `offer`, for as many leads as the plan decides on.
    """

    channel: str
    offer: str
    contacts: int

    def __post_init__(self) -> None:
        if self.contacts < 0:
            raise BadInput(
                f"contacts of offer {self.offer} in channel {self.channel} is {self.contacts}; give at least 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrentPlan:
    """The plan in force.

    Attributes:
        lines: One per channel and offer that it contacts; what is not listed is not contacted.
    """

    lines: tuple[CurrentContacts, ...]

    @property
    def contacts(self) -> int:
        """All contacts."""
        return sum(line.contacts for line in self.lines)

    def of_channel(self, channel: str) -> int:
        """Contacts in one channel; 0 where it is not listed."""
        return _total(line for line in self.lines if line.channel == channel)

    def of(self, channel: str, offer: str) -> int:
        """Contacts in one channel with one offer; 0 where they are not listed."""
        return _total(line for line in self.lines if line.channel == channel and line.offer == offer)


def _total(lines: Iterable[CurrentContacts]) -> int:
    return sum(line.contacts for line in lines)

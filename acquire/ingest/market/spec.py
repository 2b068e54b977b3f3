"""What kind of made-up market to make."""

from dataclasses import dataclass
from datetime import date, timedelta

from acquire.errors import BadInput


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSpec:
    """Size and dates of a made-up market. The defaults are small, for tests.

    Attributes:
        n_history: Rows of the randomised history.
        n_leads: Rows of the traffic to decide on.
        n_months: Months of history and of daily results, up to and including `ends_on`.
        ends_on: Last day of the history; whoever calls gives today, so that no date lies in the future.
        contacts_per_day: Contacts of the whole business on an average day of the first month.
    """

    n_history: int = 3_000
    n_leads: int = 1_500
    n_months: int = 12
    ends_on: date = date(2025, 12, 31)
    contacts_per_day: float = 2_400.0

    def __post_init__(self) -> None:
        for name in ("n_history", "n_leads", "n_months"):
            if getattr(self, name) < 1:
                raise BadInput(f"{name} is {getattr(self, name)}; give a whole number of at least 1")
        if not self.contacts_per_day > 0:
            raise BadInput(f"contacts_per_day is {self.contacts_per_day}; give a number above 0")

    @classmethod
    def demo(cls, ends_on: date) -> "MarketSpec":
        """The market that `acquire demo` shows: 40,000 rows of history, 20,000 leads, 12 months up to `ends_on`."""
        return cls(n_history=40_000, n_leads=20_000, ends_on=ends_on)

    @property
    def starts_on(self) -> date:
        """First day of the history: the day after `ends_on`, `n_months` months earlier."""
        after = self.ends_on + timedelta(days=1)
        months = after.year * 12 + after.month - 1 - self.n_months
        first = date(months // 12, months % 12 + 1, 1)
        next_first = date((months + 1) // 12, (months + 1) % 12 + 1, 1)
        return first + timedelta(days=min(after.day, (next_first - first).days) - 1)

"""The errors Acquire raises on purpose.

    AcquireError                  exit 1   anything that stops the work
    ├── BadInput                  exit 2   a file, a value or a limit is wrong: what, which value, what to do
    ├── Infeasible                exit 3   the data cannot meet the limits, or only by contacting nobody
    ├── NotFound                  exit 1   no such thing, or not for this viewer: the answer is the same
    └── NotBuiltYet               exit 1   understood, but not available in this version

Every message is one line a person can act on. It names the thing, the value and the remedy, and never holds personal data.
"""

from collections.abc import Sequence
from typing import Final

# What taking apart a file from anybody may end in, besides what its reader says itself: a key or a kind that is not ours, a
# number that no float holds, brackets nested without end. Readers turn it into BadInput.
UNREADABLE: Final = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


class AcquireError(Exception):
    """Anything that stops the work for a reason we can name."""

    exit_code = 1


class BadInput(AcquireError):
    """A file, a value or a limit is wrong; the caller can mend it."""

    exit_code = 2


class Infeasible(AcquireError):
    """The limits leave nothing to do.

    Attributes:
        limits: Names of the limits that conflict, as the plan file writes them.
    """

    exit_code = 3

    def __init__(self, message: str, limits: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.limits = tuple(limits)


class NotBuiltYet(AcquireError):
    """Asked for something the contract names and this version does not do."""


class NotFound(AcquireError):
    """There is no such thing, or it is not for this viewer. One answer for both, so that nobody learns what others have."""

"""What a person sees while a long job runs: the stage under way, and the seconds each one took.

Progress goes to standard error and only to a terminal, so that standard output stays fit for scripts.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol, TextIO

if TYPE_CHECKING:
    from rich.console import Console


class Progress(Protocol):
    """Told what is going on by a job that takes more than a second."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Mark the work inside the `with` block as the stage `name`."""
        ...

    def note(self, text: str) -> None:
        """Tell one line worth knowing that does not stop the work."""
        ...


class SilentProgress:
    """For scripts, tests and files: says nothing."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """Do nothing with `name`."""
        return nullcontext()

    def note(self, text: str) -> None:
        """Do nothing with `text`."""


class RichProgress:
    """A spinner beside the stage under way and a line for each stage done."""

    def __init__(self, console: "Console") -> None:
        self._console = console

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Show a spinner while the block runs; afterwards the seconds it took."""
        from rich.text import Text

        begun = time.monotonic()
        with self._console.status(Text(name)):
            yield
        self._console.print(Text(f"  {name}"), Text(f"{time.monotonic() - begun:.1f} s", style="dim"))

    def note(self, text: str) -> None:
        """Print `text` as it stands (square brackets are no markup)."""
        from rich.text import Text

        self._console.print(Text(f"  {text}", style="yellow"))


def progress_on(stream: TextIO) -> Progress:
    """Progress for people where `stream` is a terminal, silence where it is not."""
    if not stream.isatty():
        return SilentProgress()
    from rich.console import Console

    return RichProgress(Console(file=stream))

"""Progress is for people at a terminal; scripts and files get none of it."""

import io
import re

import pytest

from campaigns.progress import Progress, progress_on


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def text_of(screen: Terminal) -> str:
    """What a person reads: without the codes for colours and the cursor."""
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue())


def work(progress: Progress) -> None:
    with progress.stage("score [leads]"):
        progress.note("max_bad_rate[agent] holds the plan back")


def test_a_terminal_shows_each_stage_with_its_seconds_and_notes_as_written() -> None:
    screen = Terminal()
    work(progress_on(screen))
    assert "score [leads] 0.0 s" in text_of(screen)
    assert "max_bad_rate[agent] holds the plan back" in text_of(screen)


def test_a_file_gets_nothing() -> None:
    stream = io.StringIO()
    work(progress_on(stream))
    assert stream.getvalue() == ""


def test_a_stage_that_fails_is_not_shown_as_done() -> None:
    screen = Terminal()
    progress = progress_on(screen)
    with pytest.raises(OSError, match="disk"), progress.stage("write"):
        raise OSError("disk")
    assert " s\n" not in text_of(screen)

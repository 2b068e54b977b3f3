"""The text of a small plan file, and what comes of it."""

from pathlib import Path

import pytest

from acquire.errors import BadInput
from campaigns.plan_file import PlanFile, read_plan_file

LEAST = """\
currency = "CNY"
[data]
history = "history.parquet"
leads = "../leads.csv"
channels = "channels.csv"
"""


def read(folder: Path, text: str) -> PlanFile:
    path = folder / "plan.toml"
    path.write_text(text, encoding="utf-8")
    return read_plan_file(path)


def refused(folder: Path, text: str) -> str:
    """The line that the plan file is refused with."""
    with pytest.raises(BadInput) as error:
        read(folder, text)
    line = str(error.value)
    assert "\n" not in line
    assert line.startswith("plan.toml")
    return line

"""The filters of a page: which days, which channels. What a browser sends is read here, and only here."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import dash_mantine_components as dmc
from dash.exceptions import PreventUpdate

from acquire.errors import BadInput
from campaigns.reports import FilterChoices, ReportFilter

# Half a year: long enough that part of what was booked has matured.
WEEKS_SHOWN_FIRST = 26
# A figure is compared with as many days before: beyond these years a calendar would run out of days.
_FIRST_YEAR, _LAST_YEAR = 2000, 2199
# What no name in a database holds: PostgreSQL refuses NUL, and half a surrogate pair has no bytes.
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")


def days_filter(choices: FilterChoices, id: str) -> dmc.DatePickerInput:  # noqa: A002
    """Choose the days; both ends are included."""
    assert choices.first_day is not None and choices.last_day is not None  # noqa: S101, PT018 - pages show `empty` otherwise
    first, last = choices.first_day, choices.last_day
    presets = [
        {"value": _whole_weeks(first, last, weeks), "label": f"Last {weeks} full weeks"} for weeks in (4, 13, 26)
    ]
    everything = {"value": [first.isoformat(), last.isoformat()], "label": "All days"}
    return dmc.DatePickerInput(
        id=id,
        type="range",
        label="Days",
        value=_whole_weeks(first, last, WEEKS_SHOWN_FIRST),
        minDate=first.isoformat(),
        maxDate=last.isoformat(),
        valueFormat="D MMM YYYY",
        allowSingleDateInRange=True,
        presets=[*presets, everything],
        w=264,
    )


def channels_filter(choices: FilterChoices, id: str) -> dmc.MultiSelect:  # noqa: A002
    """Choose channels; none chosen means all."""
    return dmc.MultiSelect(
        id=id,
        label="Channels",
        data=list(choices.channels),
        value=[],
        placeholder="All channels",
        clearable=True,
        searchable=True,
        hidePickedOptions=True,
        w=264,
    )


def read_filter(days: Sequence[str | None] | None, channels: Sequence[str] | None) -> ReportFilter:
    """Read what the filters, or an address, say.

    Raises:
        PreventUpdate: Only one end of the days has been picked so far.
        BadInput: The days are no dates or of another century, or a channel is no name.
    """
    if not days or len(days) != 2 or not all(days):
        raise PreventUpdate
    names = tuple(str(channel) for channel in channels or ())
    if not all(map(can_be_a_name, names)):
        raise BadInput("a channel has characters that no name has; choose from the channels of the page")
    return ReportFilter(first_day=_day(days[0]), last_day=_day(days[1]), channels=names)


def can_be_a_name(text: str) -> bool:
    """Tell whether a text can be asked of the database at all."""
    return _NO_TEXT.search(text) is None


def year_to(chosen: ReportFilter) -> ReportFilter:
    """Widen a filter to the year that ends with its last day: outcomes need months to be known."""
    return replace(chosen, first_day=min(chosen.first_day, chosen.last_day - timedelta(days=364)))


def _day(text: str | None) -> date:
    try:
        day = date.fromisoformat(str(text)[:10])
    except ValueError:
        raise BadInput(f"{str(text)[:40]!r} is no day; give it as 2026-01-31") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadInput(f"{day} is too far away; give a day of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def _whole_weeks(first: date, last: date, weeks: int) -> list[str]:
    """Give the last so many weeks from Monday to Sunday; a week cut short would look like a fall."""
    sunday = last - timedelta(days=(last.weekday() + 1) % 7)
    if sunday < first:
        return [first.isoformat(), last.isoformat()]
    return [max(first, sunday - timedelta(days=7 * weeks - 1)).isoformat(), sunday.isoformat()]

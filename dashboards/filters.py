"""The filters of a page: which days, which channels. What a browser sends is read here, and only here."""

from collections.abc import Sequence
from datetime import date, timedelta

import dash_mantine_components as dmc
from dash.exceptions import PreventUpdate

from acquire.errors import BadInput
from campaigns.reports import FilterChoices, ReportFilter

# Half a year: long enough that part of what was booked has matured.
WEEKS_SHOWN_FIRST = 26


def days_filter(choices: FilterChoices, id: str) -> dmc.DatePickerInput:  # noqa: A002
    """Choose the days; both ends are included."""
    assert choices.first_day is not None and choices.last_day is not None  # noqa: S101, PT018 - pages show `empty` otherwise
    first, last = choices.first_day, choices.last_day
    presets = [
        {"value": [_weeks_before(last, weeks, first).isoformat(), last.isoformat()], "label": label}
        for weeks, label in ((4, "Last 4 weeks"), (13, "Last 13 weeks"), (26, "Last 26 weeks"))
    ]
    everything = {"value": [first.isoformat(), last.isoformat()], "label": "All days"}
    return dmc.DatePickerInput(
        id=id,
        type="range",
        label="Days",
        value=[_weeks_before(last, WEEKS_SHOWN_FIRST, first).isoformat(), last.isoformat()],
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
        BadInput: The days are no dates.
    """
    if not days or len(days) != 2 or not all(days):
        raise PreventUpdate
    return ReportFilter(
        first_day=_day(days[0]), last_day=_day(days[1]), channels=tuple(str(channel) for channel in channels or ())
    )


def _day(text: str | None) -> date:
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        raise BadInput(f"{str(text)[:40]!r} is no day; give it as 2026-01-31") from None


def _weeks_before(last: date, weeks: int, first: date) -> date:
    return max(first, last - timedelta(days=7 * weeks - 1))

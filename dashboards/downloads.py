"""The files a page offers. The server writes them from the same figures and the same filter as the page."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Query
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from acquire.errors import BadInput, NotFound
from campaigns.reports import ReportFilter, channel_csv
from dashboards.filters import read_filter
from dashboards.source import Source

CHANNELS = "/download/channels.csv"
PARTNER = "/download/partner.csv"
LISTS = "/download/lists/"


def add_downloads(app: FastAPI, source: Source) -> None:
    """Add the files of the overview and of the partner page."""
    router = APIRouter(include_in_schema=False)

    @router.get(CHANNELS)
    async def channels(first: str = "", last: str = "", channel: Annotated[tuple[str, ...], Query()] = ()) -> Response:
        chosen = _chosen(first, last, channel)
        shown = await run_in_threadpool(source.overview, chosen)
        return _csv(channel_csv(shown), f"channels_{chosen.first_day}_{chosen.last_day}.csv")

    @router.get(PARTNER)
    async def partner(first: str = "", last: str = "", partner: str | None = None) -> Response:
        chosen = _chosen(first, last)
        shown = await run_in_threadpool(source.partner_overview, chosen, partner)
        return _csv(channel_csv(shown), f"partner_{chosen.first_day}_{chosen.last_day}.csv")

    @router.get(LISTS + "{list_id}.csv")
    async def one_list(list_id: str) -> Response:
        return _csv(await run_in_threadpool(source.list_file, list_id), f"list_{list_id}.csv")

    # Whatever is left would fall through to Dash, which answers any address with its page.
    @router.get("/download/{name:path}")
    async def no_such_file(name: str) -> Response:
        raise NotFound("there is no such file; take one from a page")

    app.include_router(router)


def channels_address(chosen: ReportFilter) -> str:
    """Give the address of the channel table as CSV, with the page's filter."""
    return f"{CHANNELS}?{urlencode([*_days(chosen), *(('channel', channel) for channel in chosen.channels)])}"


def partner_address(chosen: ReportFilter, partner: str | None) -> str:
    """Give the address of a partner's channel table as CSV."""
    return f"{PARTNER}?{urlencode([*_days(chosen), *([('partner', partner)] if partner else [])])}"


def _chosen(first: str, last: str, channels: tuple[str, ...] = ()) -> ReportFilter:
    if not first or not last:
        raise BadInput("first or last is missing; give both days, as first=2026-01-01&last=2026-01-31")
    return read_filter((first, last), channels)


def _days(chosen: ReportFilter) -> list[tuple[str, str]]:
    return [("first", chosen.first_day.isoformat()), ("last", chosen.last_day.isoformat())]


def _csv(content: bytes, name: str) -> Response:
    safe = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in name)
    headers = {"Content-Disposition": f'attachment; filename="{safe}"'}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)

"""What a person does in a browser, and what is noted of it: logging in, choosing days, reading a card, fetching a file."""

import csv
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    ViewportSize,
)
from sqlalchemy import text

from tests.dashboards.conftest import Served
from tests.dashboards.small_store import PASSWORD

DESK, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)


SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


PAGE_OF = {
    "executive": "/overview",
    "growth": "/plan",
    "risk": "/plan?view=risk",
    "approver": "/overview",
    "paywell": "/partner",
}


FOUR_WEEKS = (date(2026, 10, 26), date(2026, 11, 22))


@dataclass(kw_only=True)
class Seen:
    """What the browser asked for and complained about."""

    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        """Write down every request and every error of this context's pages."""

        def note_request(request: Request) -> None:
            self.requests.append(request.url)

        def note_message(message: ConsoleMessage) -> None:
            if message.type == "error":
                self.complaints.append(message.text)

        context.on("request", note_request)
        context.on("console", note_message)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def hosts(self) -> set[str]:
        """Name the hosts that were asked; what a page carries itself is no request."""
        parts = (urlsplit(url) for url in self.requests)
        return {part.netloc for part in parts if part.scheme not in {"data", "blob"}}


def log_in(page: Page, address: str, login: str) -> None:
    page.goto(address)
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{address}{PAGE_OF[login]}")


def wait_until_drawn(page: Page) -> None:
    """Wait for the last thing of the page: figures, else the page's head."""
    page.locator("h1").wait_for()
    page.wait_for_load_state("networkidle")


def choose_last_four_weeks(page: Page) -> None:
    page.get_by_role("button", name="May 2026").or_(page.locator("#overview-days, #partner-days")).first.click()
    page.get_by_role("button", name="Last 4 full weeks").click()
    page.keyboard.press("Escape")


def download(page: Page, link: Locator, folder: Path) -> list[dict[str, str]]:
    with page.expect_download() as arriving:
        link.click()
    target = folder / arriving.value.suggested_filename
    arriving.value.save_as(target)
    with target.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def booked_in_database(served: Served, days: tuple[date, date], channel: str) -> int:
    question = text("select sum(booked) from daily_facts where day between :first and :last and channel = :channel")
    named = {"first": days[0].isoformat(), "last": days[1].isoformat(), "channel": channel}
    with served.store.reading() as session:
        return int(session.execute(question, named).scalar_one())


def number_on(page: Page, kpi: str) -> int:
    """Read the full figure of a card."""
    return int((page.locator(f"#kpi-{kpi}").get_attribute("title") or "").replace(",", ""))

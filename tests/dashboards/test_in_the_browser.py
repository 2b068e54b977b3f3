"""The dashboard in a real Chromium: each person logs in, moves a filter, and finds one number on the page, in the CSV and in
the database. Screenshots go to the folder that ACQUIRE_SCREENSHOTS names, else to a temporary one."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    expect,
    sync_playwright,
)
from sqlalchemy import text

from tests.dashboards.browsing import (
    DESK,
    FOUR_WEEKS,
    PHONE,
    SCHEMES,
    Seen,
    booked_in_database,
    choose_last_four_weeks,
    download,
    log_in,
    number_on,
    wait_until_drawn,
)
from tests.dashboards.conftest import Served
from tests.dashboards.small_store import PARTNER, PEOPLE

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium on this machine: install the package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    asked = os.environ.get("ACQUIRE_SCREENSHOTS")
    folder = Path(asked) if asked else tmp_path_factory.mktemp("screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def test_page_file_and_database_agree_on_what_was_booked(chromium: Browser, served: Served, tmp_path: Path) -> None:
    seen, context = Seen(), chromium.new_context(viewport=DESK)
    seen.watch(context)
    page = context.new_page()
    log_in(page, served.address, "executive")
    # 28 + 35 + 21 + 14 bookings a week, for 26 weeks.
    expect(page.locator("#kpi-booked")).to_have_text("2,548")
    choose_last_four_weeks(page)
    expect(page.locator("#kpi-booked")).to_have_text("392")
    page.get_by_role("textbox", name="Channels").click()
    page.get_by_role("option", name="search_ads").click()
    expect(page.locator("#kpi-booked")).to_have_text("112")
    rows = download(page, page.get_by_role("link", name="CSV"), tmp_path)
    assert [row["channel"] for row in rows] == ["search_ads"]
    in_file = int(rows[0]["booked"])
    assert number_on(page, "booked") == in_file == booked_in_database(served, FOUR_WEEKS, "search_ads") == 112
    assert page.locator('#overview-table [col-id="booked"].ag-cell').all_inner_texts() == ["112"]
    assert seen.hosts() == {urlsplit(served.address).netloc}
    assert not seen.complaints
    context.close()


def test_a_partner_reads_its_own_number_and_its_own_list(chromium: Browser, served: Served, tmp_path: Path) -> None:
    seen, context = Seen(), chromium.new_context(viewport=PHONE)
    seen.watch(context)
    page = context.new_page()
    log_in(page, served.address, "paywell")
    choose_last_four_weeks(page)
    expect(page.locator("#kpi-booked")).to_have_text("140")
    rows = download(page, page.locator("#partner-csv"), tmp_path)
    in_file = sum(int(row["booked"]) for row in rows)
    assert number_on(page, "booked") == in_file == booked_in_database(served, FOUR_WEEKS, "payment_app") == 140
    ids = download(page, page.locator("#partner-lists").get_by_role("link", name="CSV"), tmp_path)
    assert len(ids) == 29
    assert {row["id"].rsplit("-", 1)[0] for row in ids} == {"payment_app"}
    assert "north_media" not in page.content()
    assert seen.hosts() == {urlsplit(served.address).netloc}
    assert not seen.complaints
    context.close()


def test_days_without_results_say_so_instead_of_showing_zeros(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(viewport=DESK)
    page = context.new_page()
    log_in(page, served.address, "executive")
    page.get_by_role("textbox", name="Channels").click()
    page.get_by_role("option", name="app_store").click()
    expect(page.get_by_text("No results in these days.")).to_be_visible()
    context.close()


def test_a_session_that_ended_leads_back_to_the_login(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(viewport=DESK)
    page = context.new_page()
    log_in(page, served.address, "executive")
    page.locator("#kpi-booked").wait_for()
    context.clear_cookies(name="acquire_session")
    page.get_by_role("link", name="Plan").click()
    page.wait_for_url("**/login?next=**")
    context.close()


def test_the_scheme_that_was_chosen_is_kept(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(viewport=DESK, color_scheme="light")
    page = context.new_page()
    log_in(page, served.address, "executive")
    page.get_by_role("button", name="Light or dark").click()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")
    context.close()


def test_the_menu_of_a_phone_opens_leads_on_and_closes(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    log_in(page, served.address, "executive")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Plan").click()
    page.wait_for_url("**/plan")
    expect(page.locator("h1")).to_have_text("Plan")
    expect(page.get_by_role("link", name="Overview")).not_to_be_in_viewport()
    context.close()


@pytest.mark.parametrize("login", list(PEOPLE))
def test_every_page_fits_a_desk_and_a_phone_by_day_and_by_night(
    chromium: Browser, served: Served, screenshots: Path, login: str
) -> None:
    seen, context = Seen(), chromium.new_context(viewport=DESK, color_scheme="light")
    seen.watch(context)
    page = context.new_page()
    log_in(page, served.address, login)
    for view in ("", "allocation", "prices", "evidence", "record") if login == "growth" else ("",):
        if view:
            page.get_by_role("tab", name=view.capitalize()).click()
        for viewport in (DESK, PHONE):
            page.set_viewport_size(viewport)
            wait_until_drawn(page)
            overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert overflow <= 0, f"{login}'s page {view} is {overflow} px too wide at {viewport['width']}"
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
                name = "_".join(part for part in (login, view, str(viewport["width"]), scheme) if part)
                page.screenshot(path=screenshots / f"{name}.png", full_page=True)
    assert seen.hosts() == {urlsplit(served.address).netloc}
    assert not seen.complaints
    context.close()


def test_the_partner_s_phone_shows_nobody_else(chromium: Browser, served: Served) -> None:
    context = chromium.new_context(viewport=PHONE)
    page = context.new_page()
    log_in(page, served.address, "paywell")
    expect(page.locator("h1")).to_have_text(PARTNER)
    page.goto(f"{served.address}/overview")
    expect(page.locator("body")).to_have_text("Not open to your role.")
    context.close()


def test_a_point_of_the_frontier_is_tried_and_saved_as_a_scenario(chromium: Browser, served: Served) -> None:
    seen, context = Seen(), chromium.new_context(viewport=DESK)
    seen.watch(context)
    page = context.new_page()
    log_in(page, served.address, "growth")
    page.get_by_role("link", name="Frontier").click()
    expect(page.get_by_text("You are here: 661 extra accounts")).to_be_visible()
    expect(page.locator("#frontier-chosen")).to_contain_text("661")
    page.wait_for_load_state("networkidle")
    # 2.7 times the root of 96,000, at the plan's own cap.
    page.get_by_role("textbox", name="Budget").click()
    page.get_by_role("option", name="CNY 96,000").click()
    expect(page.locator("#frontier-chosen")).to_contain_text("837")
    page.get_by_role("textbox", name="Bad rate at most").click()
    page.get_by_role("option", name="9 %", exact=True).click()
    expect(page.locator("#frontier-chosen")).to_contain_text("724")
    page.get_by_role("button", name="Save scenario").click()
    expect(page.locator("#notice")).to_contain_text("a scenario cannot be called ''")
    page.get_by_label("Save as").fill("careful growth")
    page.get_by_role("button", name="Save scenario").click()
    saved = page.locator("#frontier-saved tr", has_text="careful growth")
    expect(saved).to_contain_text("budget CNY 96,000, bad rate 9.0 %")
    expect(saved).to_contain_text("724")
    expect(page.locator("#notice")).to_be_empty()
    stored = text("select document from scenarios where name = 'careful growth'")
    with served.store.reading() as session:
        assert '"made_by": "growth"' in str(session.execute(stored).scalar_one())
    expect(page.get_by_text("costs 35 extra accounts")).to_be_visible()
    assert seen.hosts() == {urlsplit(served.address).netloc}
    assert not seen.complaints
    context.close()


def test_the_frontier_fits_a_desk_and_a_phone_by_day_and_by_night(
    chromium: Browser, served: Served, screenshots: Path
) -> None:
    seen, context = Seen(), chromium.new_context(viewport=DESK, color_scheme="light")
    seen.watch(context)
    page = context.new_page()
    log_in(page, served.address, "risk")
    page.goto(f"{served.address}/frontier")
    page.locator("#frontier-picture .main-svg").first.wait_for()
    for viewport in (DESK, PHONE):
        page.set_viewport_size(viewport)
        wait_until_drawn(page)
        overflow = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 0, f"the frontier is {overflow} px too wide at {viewport['width']}"
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            expect(page.locator("html")).to_have_attribute("data-mantine-color-scheme", scheme)
            page.screenshot(path=screenshots / f"frontier_{viewport['width']}_{scheme}.png", full_page=True)
    assert not seen.complaints
    context.close()

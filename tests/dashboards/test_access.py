"""Who sees what: by page, by callback called by hand, by file."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from campaigns.reports import partner_lists
from campaigns.users import Viewer
from dashboards.login import Patience, own_page
from tests.dashboards.conftest import Served
from tests.dashboards.small_store import NOW, OTHER_PARTNER, PARTNER, PASSWORD, PEOPLE

HALF_A_YEAR = {"first": "2026-05-25", "last": "2026-11-22"}
STAFF = ("executive", "growth", "risk", "approver")


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    """Somebody who has not logged in."""
    with httpx.Client(base_url=served.address, headers={"Origin": served.address}) as client:
        yield client


def log_in(browser: httpx.Client, login: str, password: str = PASSWORD, next_page: str = "/") -> httpx.Response:
    form = re.search(r'name="form" value="([^"]+)"', browser.get("/login", params={"next": next_page}).text)
    assert form is not None
    fields = {"login": login, "password": password, "form": form[1], "next": next_page}
    return browser.post("/login", data=fields)


def call(browser: httpx.Client, output: str, *inputs: tuple[str, str, Any]) -> httpx.Response:
    """Call the callback whose outputs start with `output`, as the page's own script would."""
    known = [one["output"] for one in browser.get("/_dash-dependencies").json()]
    whole = next(one for one in known if one.strip(".").startswith(output))
    names = [dict(zip(("id", "property"), part.rsplit(".", 1), strict=True)) for part in whole.strip(".").split("...")]
    body = {
        "output": whole,
        "outputs": names if whole.startswith("..") else names[0],
        "inputs": [{"id": id_, "property": name, "value": value} for id_, name, value in inputs],
        "changedPropIds": [f"{inputs[0][0]}.{inputs[0][1]}"],
    }
    return browser.post(
        "/_dash-update-component", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )


def call_overview(browser: httpx.Client) -> httpx.Response:
    days, channels = ("overview-days", "value", ["2026-05-25", "2026-11-22"]), ("overview-channels", "value", [])
    return call(browser, "overview-results.children", days, channels)


def list_of(served: Served, partner: str) -> str:
    everybody = Viewer(login="growth", role="growth")
    return partner_lists(served.store, everybody, now=NOW, partner=partner)[0].list_id


@pytest.mark.parametrize("path", ["/", "/overview", "/plan", "/frontier", "/partner", "/plan?view=risk"])
def test_a_page_sends_a_stranger_to_the_login(browser: httpx.Client, path: str) -> None:
    answer = browser.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/_dash-layout"),
        ("GET", "/_dash-dependencies"),
        ("POST", "/_dash-update-component"),
        ("GET", "/download/channels.csv"),
        ("GET", "/download/lists/anything.csv"),
        ("GET", "/no-such-page"),
        ("GET", "/openapi.json"),
        ("GET", "/_mcp"),
    ],
)
def test_a_stranger_gets_nothing_from_the_machinery(browser: httpx.Client, method: str, path: str) -> None:
    assert browser.request(method, path).status_code == 401


def test_the_websocket_of_the_renderer_is_refused_even_with_a_session(browser: httpx.Client) -> None:
    log_in(browser, "executive")
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    assert browser.get("/_dash-ws-callback", headers=upgrade).status_code in {403, 404}


@pytest.mark.parametrize(
    ("login", "home"),
    [
        ("executive", "/overview"),
        ("growth", "/plan"),
        ("risk", "/plan?view=risk"),
        ("approver", "/overview"),
        ("paywell", "/partner"),
    ],
)
def test_each_person_lands_where_the_work_is(browser: httpx.Client, login: str, home: str) -> None:
    assert log_in(browser, login).headers["location"] == "/"
    assert browser.get("/").headers["location"] == home


@pytest.mark.parametrize("path", ["/overview", "/plan", "/frontier"])
def test_a_partner_is_refused_the_pages_of_the_lender(browser: httpx.Client, path: str) -> None:
    log_in(browser, "paywell")
    assert browser.get(path).status_code == 403


def test_a_partner_gets_its_own_list_and_no_other(served: Served, browser: httpx.Client) -> None:
    log_in(browser, "paywell")
    own = browser.get(f"/download/lists/{list_of(served, PARTNER)}.csv")
    assert own.status_code == 200
    # 2,310 and 640 contacts in the plan: 23 and 6 rows in the small store, and a header.
    assert len(own.text.splitlines()) == 30
    assert "search_ads" not in own.text
    other = browser.get(f"/download/lists/{list_of(served, OTHER_PARTNER)}.csv")
    missing = browser.get("/download/lists/no-such-list.csv")
    assert (other.status_code, other.text) == (missing.status_code, missing.text)
    assert other.status_code == 404


def test_a_partner_that_asks_for_another_partner_gets_its_own_figures(browser: httpx.Client) -> None:
    log_in(browser, "paywell")
    table = browser.get("/download/partner.csv", params={**HALF_A_YEAR, "partner": OTHER_PARTNER}).text
    assert "payment_app" in table
    assert "search_ads" not in table


def test_a_partner_that_calls_the_callback_of_the_overview_by_hand_gets_nothing(browser: httpx.Client) -> None:
    log_in(browser, "paywell")
    answer = call_overview(browser)
    assert answer.status_code == 403
    assert "search_ads" not in answer.text
    assert browser.get("/download/channels.csv", params=HALF_A_YEAR).status_code == 403


def test_a_partner_that_asks_the_router_for_another_page_gets_nothing(browser: httpx.Client) -> None:
    log_in(browser, "paywell")
    for path in ("/overview", "/plan"):
        answer = call(browser, "page.children", ("url", "pathname", path), ("url", "search", ""))
        assert answer.status_code == 403


def test_the_partner_page_called_by_hand_for_another_partner_shows_the_own_one(browser: httpx.Client) -> None:
    log_in(browser, "paywell")
    answer = call(browser, "partner-lists.children", ("partner-who", "value", OTHER_PARTNER))
    assert answer.status_code == 200
    assert PARTNER in answer.text
    assert OTHER_PARTNER not in answer.text


def test_the_same_call_answers_the_executive(browser: httpx.Client) -> None:
    log_in(browser, "executive")
    answer = call_overview(browser)
    assert answer.status_code == 200
    assert "search_ads" in answer.text


@pytest.mark.parametrize("login", ["executive", "risk"])
def test_lists_are_not_for_everybody_in_the_house(served: Served, browser: httpx.Client, login: str) -> None:
    log_in(browser, login)
    assert browser.get("/partner").status_code == 403
    assert browser.get(f"/download/lists/{list_of(served, PARTNER)}.csv").status_code == 403


@pytest.mark.parametrize("login", list(PEOPLE))
def test_the_menu_names_only_what_the_role_may_see(browser: httpx.Client, login: str) -> None:
    log_in(browser, login)
    layout = browser.get("/_dash-layout").text
    assert ("menu-overview" in layout) == (login in STAFF)
    assert ("menu-partner" in layout) == (login in {"growth", "approver", "paywell"})


def test_every_failed_login_reads_the_same(browser: httpx.Client) -> None:
    unknown, wrong = log_in(browser, "nobody", "x"), log_in(browser, "executive", "x")
    assert unknown.status_code == wrong.status_code == 401
    hide_form = re.compile(r'value="[^"]*"')
    assert hide_form.sub("", unknown.text) == hide_form.sub("", wrong.text)


def test_a_login_from_another_site_is_refused(served: Served, browser: httpx.Client) -> None:
    browser.headers["Origin"] = "https://elsewhere.example"
    assert log_in(browser, "executive").status_code == 403


def test_a_login_without_the_form_that_we_gave_is_refused(browser: httpx.Client) -> None:
    answer = browser.post("/login", data={"login": "executive", "password": PASSWORD, "form": "made-up"})
    assert answer.status_code == 400
    assert "acquire_session" not in browser.cookies


def test_the_session_cookie_is_out_of_reach_for_scripts_and_other_sites(browser: httpx.Client) -> None:
    cookie = log_in(browser, "executive").headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_after_logging_out_the_old_token_opens_nothing(served: Served, browser: httpx.Client) -> None:
    log_in(browser, "executive")
    token = browser.cookies["acquire_session"]
    browser.post("/logout")
    assert httpx.get(f"{served.address}/overview", cookies={"acquire_session": token}).status_code == 303


@pytest.mark.parametrize("target", ["https://elsewhere.example/", "//elsewhere.example", "/logout", "/\\elsewhere", ""])
def test_the_login_never_sends_anybody_elsewhere(target: str) -> None:
    assert own_page(target) == "/"


def test_the_login_goes_on_to_the_page_that_was_asked_for(browser: httpx.Client) -> None:
    assert log_in(browser, "growth", next_page="/plan?view=risk").headers["location"] == "/plan?view=risk"


def test_patience_ends_after_six_failures_and_returns_after_five_minutes() -> None:
    seconds = 0.0
    patience = Patience(lambda: seconds)
    for _ in range(6):
        assert not patience.is_over("executive", "10.0.0.1")
        patience.failed("executive", "10.0.0.1")
    assert patience.is_over("executive", "10.0.0.1")
    assert not patience.is_over("executive", "10.0.0.2"), "a guesser elsewhere must not shut a colleague out"
    seconds = 301.0
    assert not patience.is_over("executive", "10.0.0.1")


def test_one_address_that_tries_many_logins_is_stopped_too() -> None:
    patience = Patience(lambda: 0.0)
    for number in range(30):
        patience.failed(f"guess-{number}", "10.0.0.1")
    assert patience.is_over("executive", "10.0.0.1")


def test_answers_forbid_framing_sniffing_and_other_hosts(browser: httpx.Client) -> None:
    log_in(browser, "executive")
    headers = browser.get("/overview").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    assert "'unsafe-inline'" not in next(part for part in policy.split("; ") if part.startswith("script-src"))
    assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"first": "yesterday", "last": "2026-11-22"}, "'yesterday' is no day"),
        ({"first": "2026-11-22", "last": "2026-05-25"}, "is after"),
    ],
)
def test_a_file_for_days_that_make_no_sense_says_so_in_one_line(
    browser: httpx.Client, query: dict[str, str], said: str
) -> None:
    log_in(browser, "executive")
    answer = browser.get("/download/channels.csv", params=query)
    assert answer.status_code == 400
    assert said in answer.text
    assert "\n" not in answer.text


def test_health_is_open_and_says_nothing_else(browser: httpx.Client) -> None:
    assert browser.get("/healthz").text == "ok"


@pytest.mark.parametrize("host", ["x/assets/?", "x/login?", "x/healthz#"])
def test_a_made_up_host_header_does_not_open_a_door(browser: httpx.Client, host: str) -> None:
    answer = browser.get("/_dash-dependencies", headers={"Host": host})
    assert answer.status_code in {400, 401}

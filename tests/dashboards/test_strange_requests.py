"""What no page of ours sends: forms without their cookie, days of another age, names that no database can hold."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from campaigns import reports, users
from dashboards.login import EXPIRED
from tests.dashboards.conftest import Served
from tests.dashboards.small_store import PASSWORD
from tests.dashboards.test_access import log_in


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    """Somebody who has not logged in."""
    with httpx.Client(base_url=served.address, headers={"Origin": served.address}) as client:
        yield client


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the database is asked for: SQLite bears a NUL in a text, PostgreSQL does not."""
    questions: list[str] = []

    def note(name: str, ask: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **named: Any) -> Any:
            questions.append(name)
            return ask(*args, **named)

        return noted

    for module, name in (
        (users, "authenticate"),
        (reports, "overview"),
        (reports, "partner_overview"),
        (reports, "list_rows"),
    ):
        monkeypatch.setattr(module, name, note(name, getattr(module, name)))
    return questions


def send_form(served: Served, body: str, cookie: bytes | None = None) -> httpx.Response:
    """Post a form as no browser would; what it claims as login and password is right."""
    headers = {b"Origin": served.address.encode(), b"Content-Type": b"application/x-www-form-urlencoded"}
    if cookie is not None:
        headers[b"Cookie"] = cookie
    return httpx.post(f"{served.address}/login", content=f"login=executive&password={PASSWORD}{body}", headers=headers)


@pytest.mark.parametrize("cookie", [None, b"acquire_form=", b"other=1"])
@pytest.mark.parametrize("form", ["", "&form=", "&form=-"])
def test_nobody_logs_in_by_a_form_without_its_cookie(served: Served, form: str, cookie: bytes | None) -> None:
    answer = send_form(served, form, cookie)
    assert answer.status_code == 400
    assert "acquire_session" not in answer.cookies


@pytest.mark.parametrize(
    ("body", "cookie"),
    [
        ("&form=%C3%A9", b"acquire_form=x"),
        ("&form=%ED%A0%80", b"acquire_form=x"),
        ("&form=x", b"acquire_form=\xc3\xa9"),
        ("&form=x" + "&more=1" * 8, b"acquire_form=x"),
    ],
)
def test_a_form_that_no_browser_sends_has_expired(served: Served, body: str, cookie: bytes) -> None:
    answer = send_form(served, body, cookie)
    assert answer.status_code == 400
    assert EXPIRED in answer.text


def test_a_login_that_no_database_can_hold_is_wrong_like_any_other(browser: httpx.Client, asked: list[str]) -> None:
    assert log_in(browser, "exec\0utive").status_code == 401
    assert asked == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "first or last is missing"),
        ("first=&last=", "first or last is missing"),
        ("first=2026-05-25", "first or last is missing"),
        ("first=0001-01-01&last=2026-11-22", "0001-01-01 is too far away"),
        ("first=2026-05-25&last=9999-12-31", "9999-12-31 is too far away"),
        ("first=%00&last=2026-11-22", "is no day"),
    ],
)
@pytest.mark.parametrize("file", ["channels.csv", "partner.csv"])
def test_a_file_without_days_or_of_another_age_is_refused_in_one_line(
    browser: httpx.Client, file: str, query: str, said: str
) -> None:
    log_in(browser, "growth")
    answer = browser.get(f"/download/{file}?{query}")
    assert answer.status_code == 400
    assert said in answer.text
    assert "\n" not in answer.text


def test_the_longest_time_that_can_be_asked_for_is_answered(browser: httpx.Client) -> None:
    log_in(browser, "growth")
    for file in ("channels.csv", "partner.csv"):
        answer = browser.get(f"/download/{file}", params={"first": "2000-01-01", "last": "2199-12-31"})
        assert answer.status_code == 200
        assert "search_ads" in answer.text


@pytest.mark.parametrize(
    "path", ["", "no.csv", "lists/", "lists/no", "lists/no/no.csv", "lists/.csv", "lists/%00.csv", "channels.csv/"]
)
def test_a_file_that_does_not_exist_is_not_found(browser: httpx.Client, path: str) -> None:
    log_in(browser, "growth")
    answer = browser.get(f"/download/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/plain")
    assert "\n" not in answer.text


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/download/channels.csv?first=2026-05-25&last=2026-11-22&channel=search_ads&channel=%00", 400),
        ("/download/partner.csv?first=2026-05-25&last=2026-11-22&partner=pay%00well", 404),
        ("/download/lists/%00.csv", 404),
    ],
)
def test_a_name_that_no_database_can_hold_is_refused_in_one_line(
    browser: httpx.Client, asked: list[str], address: str, status: int
) -> None:
    log_in(browser, "growth")
    asked.clear()
    answer = browser.get(address)
    assert answer.status_code == status
    assert "\n" not in answer.text
    assert asked == []

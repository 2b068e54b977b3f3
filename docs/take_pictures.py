"""Take the README's pictures from a running demo.

    acquire demo --no-serve > logins.txt && acquire serve &
    python docs/take_pictures.py logins.txt docs/pictures

Reads the logins that `acquire demo` printed, logs in as each person in Chromium and photographs the page they land on.
"""

import re
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ADDRESS = "http://127.0.0.1:8050"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]
LOGIN = re.compile(r"^\s+(executive|growth|risk|approver|partner)\s+(\S+)", re.MULTILINE)


def main(logins: Path, folder: Path) -> None:
    """Photograph every person's first page and the frontier at 1440 wide in light, the executive's also at 390 wide in dark."""
    folder.mkdir(exist_ok=True, parents=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        people = dict(LOGIN.findall(logins.read_text()))
        for login, password in people.items():
            photograph(browser, login, password, folder / f"{login}.png", width=1440, scheme="light")
        photograph(browser, "executive", people["executive"], folder / "phone.png", width=390, scheme="dark")
        growth = people["growth"]
        photograph(browser, "growth", growth, folder / "frontier.png", width=1440, scheme="light", path="/frontier")
        browser.close()


def photograph(
    browser: Browser, login: str, password: str, picture: Path, *, width: int, scheme: str, path: str = ""
) -> None:
    """Log in and photograph the page that opens, or the page at a path."""
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)  # type: ignore[arg-type]
    page.goto(f"{ADDRESS}/login")
    page.fill("input[name=login]", login)
    page.fill("input[name=password]", password)
    page.click("button[type=submit]")
    page.wait_for_load_state("networkidle")
    if path:
        page.goto(f"{ADDRESS}{path}")
    page.wait_for_timeout(2500)
    page.screenshot(path=picture)
    page.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

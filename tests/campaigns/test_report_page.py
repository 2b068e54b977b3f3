"""The report says the verdict first, figures in words, and nothing that a browser would run or fetch."""

import dataclasses
import math
import re
import shutil
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.domain import Certificate, Estimate, LimitUse
from campaigns import report_figures as figures
from campaigns import report_words as words
from campaigns.plan_document import PlanDocument
from campaigns.report_page import render_report
from campaigns.risk_document import RiskEvidence
from tests.campaigns.plan_documents import sample_plan

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
]


class Page(HTMLParser):
    """What a browser sees: the visible text in order, and every tag with its attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._hidden:
            self.texts.append(" ".join(data.replace("\u00a0", " ").split()))

    @property
    def text(self) -> str:
        return " ".join(self.texts)


def page(**changes: object) -> Page:
    return Page(render_report(dataclasses.replace(sample_plan(), **changes)))  # type: ignore[arg-type]


def limit(name: str, allowed: float, shadow_price: float) -> LimitUse:
    units = {"budget": "money", "max_bad_rate": "rate", "max_contacts": "contacts"}
    return LimitUse(
        name=name,
        unit=units.get(name, "accounts"),
        used=math.nan,
        used_expected=math.nan,
        allowed=allowed,
        binding=True,
        shadow_price=shadow_price,
    )


def with_headline(**figures_of: Estimate) -> PlanDocument:
    plan = sample_plan()
    return dataclasses.replace(plan, headline=dataclasses.replace(plan.headline, **figures_of))


def test_the_first_line_is_the_verdict_of_the_evidence() -> None:
    assert page().texts[0] == sample_plan().evidence.verdict


def test_the_headline_says_both_intervals_in_words() -> None:
    assert "between 573 and 683 expected; 549 to 707 will be observed 9 times in 10" in page().text


def test_a_figure_that_is_undefined_reads_not_known() -> None:
    text = Page(render_report(with_headline(incremental_cac=Estimate(expected=math.nan)))).text
    assert "Cost per extra account not known" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_a_plan_of_undefined_figures_without_offers_risk_or_limits_still_has_a_report() -> None:
    plan = sample_plan()
    nothing = dataclasses.replace(plan.evidence, offers=(), policies=(), calibration=(), risk=None)
    nobody = {f.name: Estimate(expected=math.nan) for f in dataclasses.fields(plan.headline)}
    bare = dataclasses.replace(
        with_headline(**nobody),
        evidence=nothing,
        allocation=(),
        limits=(),
        decisions=(),
        tables=(),
        warnings=(),
        certificate=Certificate(objective=math.nan, bound=math.nan, gap=math.nan),
    )
    text = Page(render_report(bare)).text
    assert "The plan contacts nobody." in text
    assert "history has no bad label" in text
    assert "Before you sign" not in text


def test_every_figure_of_risk_is_shown_with_its_interval() -> None:
    text = page().text
    assert "AUC 0.762 0.745 to 0.779" in text
    assert "Calibration error 1.2 % 0.4 % to 2.0 %" in text
    assert "ln(odds bad) = -0.021 + 0.943 x ln(odds bad before). It saves 0.0013 nats" in text


def test_the_report_says_how_well_the_farthest_quarter_of_the_leads_is_known() -> None:
    text = page().text
    assert "43 of 3,440 labelled bookings were seen" in text
    assert "known to \u00b1 9.0 points, that of the nearest quarter to \u00b1 2.0 points" in text
    assert "farthest 43 31.7 % \u00b1 9.0 points 2.080 7,498" in text


def test_the_report_shows_what_early_signs_came_to_in_each_channel() -> None:
    text = page().text
    assert (
        "First payment missed 30 days past due Channel Matured In part Bad rate of the bad of the good then bad" in text
    )
    assert "payment_app 3,440 410 22.0 % 38.0 % 2.0 % 84.0 % 79.0 % 4.0 % 88.0 %" in text
    assert "video_feed 0 120 not known 38.0 %" in text
    assert "all channels 3,440 530 22.0 %" in text


def test_a_trend_for_the_worse_is_named_and_a_trend_for_the_better_is_not_applied() -> None:
    text = page().text
    assert "It can be told from chance in video_feed." in text
    assert "payment_app 0.95 0.83 to 1.09 1.00" in text
    # exp(.31) a year, of which exp(.217) has come to pass since the labels.
    assert "video_feed 1.36 1.18 to 1.58 1.24" in text


def test_leads_of_a_kind_that_history_never_held_are_counted_in_the_report() -> None:
    assert "Leads with a category that history never held: 41 of employment (0.1 %)." in page().text


def test_a_plan_of_an_earlier_version_has_a_report_without_what_it_does_not_know() -> None:
    plan = sample_plan()
    assert plan.evidence.risk is not None
    old = RiskEvidence(n=40, n_bad=4, auc=0.7, ks=0.3, brier=0.1, ece=0.02, scorecard=())
    text = page(evidence=dataclasses.replace(plan.evidence, risk=old)).text
    assert "AUC 0.700 KS 0.300" in text
    assert "From early signs to bad" not in text
    assert "labelled bookings" not in text


def test_names_from_files_cannot_put_markup_into_the_report() -> None:
    evil = '<script>alert("x")</script>'
    plan = sample_plan()
    lines = tuple(dataclasses.replace(line, channel=evil, partner=evil, offer=evil) for line in plan.allocation)
    one = dataclasses.replace(plan.limits[0], name=f"max_spend[{evil}]")
    seen = page(name=evil, campaign=evil, warnings=(evil,), allocation=lines, limits=(one,), hashes={evil: evil})
    assert "script" not in [tag for tag, _ in seen.tags]
    assert evil in seen.text


def test_the_report_runs_no_script_and_names_no_other_host() -> None:
    html = render_report(sample_plan())
    tags = Page(html).tags
    assert not {"script", "img", "iframe", "object", "embed", "form", "a"} & {tag for tag, _ in tags}
    assert [attrs["href"] for tag, attrs in tags if tag == "link"] == ["data:,"]
    assert not re.search(r"https?://|url\(|@import", html)
    assert "default-src 'none'" in html


def test_money_is_shown_with_the_currency_and_thousands_separators() -> None:
    text = page(currency="ZAR").text
    assert "ZAR 59,640" in text
    assert "CNY" not in text


def test_a_limit_says_what_is_used_what_is_allowed_and_what_more_would_bring() -> None:
    text = page().text
    assert "Budget holds the plan back" in text
    assert "CNY 59,640 of CNY 60,000 allowed" in text
    assert "Raising it by CNY 1,000 would bring 8.1 extra accounts." in text
    assert "On average 10.4 %; the figure above is kept with the stated confidence." in text


@pytest.mark.parametrize(
    ("name", "allowed", "price", "goal", "said"),
    [
        ("budget", 60_000.0, 2.5, "incremental_value", "CNY 1,000 would bring CNY 2,500 of value"),
        ("max_bad_rate", 0.12, 2140.0, "incremental_accounts", "1 percentage point would bring 21 extra accounts"),
        ("min_incremental_accounts", 500.0, 90.0, "spend", "10 would cost CNY 900"),
        ("max_bad_rate", 0.12, -50_000.0, "spend", "1 percentage point would save CNY 500"),
        ("max_contacts", 8.0, -1.0, "incremental_value", "1 would cost CNY 1 of value"),
    ],
)
def test_shadow_prices_are_told_in_steps_people_think_in(
    name: str, allowed: float, price: float, goal: str, said: str
) -> None:
    told = words.say_shadow_price(limit(name, allowed, price), goal, "CNY")
    assert told.replace("\u00a0", " ") == f"raising it by {said}"


@pytest.mark.parametrize("price", [0.0, math.nan])
def test_nothing_is_promised_for_a_limit_that_is_worth_nothing(price: float) -> None:
    assert words.say_shadow_price(limit("budget", 60_000.0, price), "incremental_value", "CNY") == ""


@pytest.mark.parametrize(
    ("say", "value", "said"),
    [
        (words.say_count, 1234567.4, "1,234,567"),
        (words.say_count, 4.31, "4.3"),
        (words.say_count, -0.04, "0.0"),
        (words.say_count, math.inf, "not known"),
        (lambda v: words.say_money(v, "CNY"), -1250.0, "\u2212CNY 1,250"),
        (lambda v: words.say_money(v, "CNY"), 84.2, "CNY 84.20"),
        (words.say_percent, 0.118, "11.8 %"),
        (words.say_points, 0.0132, "+1.32 points"),
        (words.say_p_value, 0.00004, "below 0.001"),
        (words.say_limit, "max_spend[search_ads]", "Spend: search_ads"),
    ],
)
def test_figures_read_as_people_write_them(say: Callable[[object], str], value: object, said: str) -> None:
    assert say(value).replace("\u00a0", " ") == said


def test_the_longest_bar_is_the_largest_channel_and_a_bar_adds_up_to_its_channel() -> None:
    bars = figures.channel_bars(sample_plan().allocation)
    assert bars[0].channel == "payment_app"
    assert bars[0].spend == 9_870 + 6_030
    assert sum(piece.width for piece in bars[0].spend_by_offer) == pytest.approx(100, abs=0.01)
    assert sum(piece.width for piece in bars[-1].spend_by_offer) == pytest.approx(100 * 1_940 / 15_900, abs=0.01)


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=6))
def test_every_figure_lies_on_its_axis(values: list[float]) -> None:
    scale = figures.scale_over(values, around_zero=True)
    room = 1e-9 * (scale.high - scale.low)
    assert scale.low - room <= min(values) <= max(values) <= scale.high + room
    assert scale.low - room <= 0 <= scale.high + room
    assert 2 <= len(scale.ticks) <= 7


def test_a_limit_of_zero_or_unknown_use_can_be_drawn() -> None:
    assert "not known of CNY 0 allowed" in page(limits=(limit("budget", 0.0, math.nan),)).text


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.parametrize("width", [390, 1440])
def test_the_report_fits_the_screen_and_asks_nobody_for_anything(tmp_path: Path, width: int) -> None:
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "report.html"
    path.write_text(render_report(sample_plan()), encoding="utf-8")
    with playwright.sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        tab = browser.new_page(viewport={"width": width, "height": 900})
        asked: list[str] = []
        tab.on("request", lambda request: asked.append(request.url))
        tab.goto(path.as_uri())
        needed = tab.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert needed <= width
    assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]


def test_only_a_figure_that_cannot_vary_is_called_set_by_the_plan() -> None:
    sure = Estimate(expected=0.1601, low=0.15997, high=0.16025, predictive_low=0.15997, predictive_high=0.16025)
    assert words.say_interval(sure, "rate", "CNY") == "moves by less than the digits shown"
    fixed = Estimate(expected=0.16, low=0.16, high=0.16, predictive_low=0.16, predictive_high=0.16)
    assert words.say_interval(fixed, "rate", "CNY") == "set by the plan"

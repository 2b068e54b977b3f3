"""`acquire experiment design` on small folders: with a full history, with one that lacks controls, and with none."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest

from acquire.errors import BadInput
from campaigns.experiments import replace_folder, write_pilot_design
from campaigns.pilot_inputs import PilotSettings

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
PLAN = """
currency = "CNY"
seed = 7
[data]
history = "history.csv"
leads = "leads.csv"
channels = "channels.csv"
offers = "offers.csv"
"""
GUESSED = PilotSettings(base_booking_rate=0.05, base_bad_rate=0.1, smallest_uplift=0.03, leads_weeks=4)

Market = Callable[..., Path]


@pytest.fixture
def market(tmp_path: Path) -> Market:
    """Write a market folder of 4,000 leads in two channels, without history; give the plan file."""

    def write(*, plan: str = PLAN, leads: pd.DataFrame | None = None, history: pd.DataFrame | None = None) -> Path:
        (tmp_path / "plan.toml").write_text(plan, encoding="utf-8")
        (leads_at_hand() if leads is None else leads).to_csv(tmp_path / "leads.csv", index=False)
        (tmp_path / "channels.csv").write_text(
            "channel,partner,cost_per_contact,cost_per_booked\nsearch,north,1.5,0\ncrm,own,0.1,0\n", encoding="utf-8"
        )
        (tmp_path / "offers.csv").write_text("offer\nletter\ncoupon\n", encoding="utf-8")
        if history is not None:
            history.to_csv(tmp_path / "history.csv", index=False)
        return tmp_path / "plan.toml"

    return write


def leads_at_hand() -> pd.DataFrame:
    n = 4_000
    return pd.DataFrame(
        {
            "lead_id": [f"L{i:04}" for i in range(n)],
            "channel": ["search", "crm"] * (n // 2),
            "consent": [i % 10 != 0 for i in range(n)],
            "do_not_contact": [i % 100 == 1 for i in range(n)],
            "age": [18 + i % 50 for i in range(n)],
        }
    )


def contacted_only() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "lead_id": [f"H{i}" for i in range(200)],
            "channel": "crm",
            "offer": "letter",
            "booked": [1] * 20 + [0] * 180,
            "bad": [1.0] * 5 + [0.0] * 15 + [None] * 180,
        }
    )


def read_design(out: Path) -> dict[str, object]:
    return dict(json.loads((out / "design.json").read_text(encoding="utf-8")))


def test_a_lender_without_any_history_gets_a_pilot(market: Market, tmp_path: Path) -> None:
    write_pilot_design(market(), tmp_path / "pilot", now=NOW, settings=GUESSED)
    assert sorted(p.name for p in (tmp_path / "pilot").iterdir()) == ["assignment.parquet", "design.json", "design.md"]
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.startswith(".")) == []


def test_nobody_without_consent_or_on_the_do_not_contact_list_takes_part(market: Market, tmp_path: Path) -> None:
    write_pilot_design(market(), tmp_path / "pilot", now=NOW, settings=GUESSED)
    drawn = pd.read_parquet(tmp_path / "pilot" / "assignment.parquet")
    allowed = leads_at_hand().set_index("lead_id").loc[drawn["lead_id"]]
    assert allowed["consent"].all()
    assert not allowed["do_not_contact"].any()
    assert list(drawn.columns) == ["lead_id", "channel", "offer", "propensity"]
    assert set(drawn["offer"]) == {"control", "letter", "coupon"}


def test_of_four_weeks_of_leads_a_pilot_of_fewer_weeks_takes_its_part(market: Market, tmp_path: Path) -> None:
    settings = PilotSettings(base_booking_rate=0.05, smallest_uplift=0.06, leads_weeks=4)
    document = write_pilot_design(market(), tmp_path / "pilot", now=NOW, settings=settings)
    assert document.design.weeks < 4
    assert document.assigned == pytest.approx(document.design.leads, abs=2)


def test_a_pilot_longer_than_the_leads_at_hand_leaves_room_for_those_to_come(market: Market, tmp_path: Path) -> None:
    settings = PilotSettings(base_booking_rate=0.05, smallest_uplift=0.03, leads_weeks=2)
    plan = market(leads=leads_at_hand().iloc[:2_000])
    document = write_pilot_design(plan, tmp_path / "pilot", now=NOW, settings=settings)
    assert document.design.weeks > 2
    assert document.assigned == pytest.approx(document.design.leads * 2 / document.design.weeks, abs=2)


def test_the_policy_holds_in_a_pilot_too(market: Market, tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        'version = "1"\n[[rule]]\nid = "young"\nfield = "age"\nop = "lt"\nvalue = 22\nreason = "AGE"\n',
        encoding="utf-8",
    )
    plan = market(plan=PLAN + 'policy = "policy.toml"\n')
    write_pilot_design(plan, tmp_path / "pilot", now=NOW, settings=GUESSED)
    drawn = pd.read_parquet(tmp_path / "pilot" / "assignment.parquet")
    assert leads_at_hand().set_index("lead_id").loc[drawn["lead_id"], "age"].min() >= 22


def test_a_history_without_controls_gives_the_base_rate_and_says_what_that_means(
    market: Market, tmp_path: Path
) -> None:
    document = write_pilot_design(market(history=contacted_only()), tmp_path / "pilot", now=NOW)
    assert document.p_booked == pytest.approx(0.1)
    assert document.p_bad == pytest.approx(0.25)
    assert document.smallest_uplift == pytest.approx(0.025)
    assert any("without contact fewer may book" in sentence for sentence in document.assumptions)


def test_controls_give_the_base_rate_where_there_are_some(market: Market, tmp_path: Path) -> None:
    history = contacted_only().assign(offer=["letter"] * 100 + ["control"] * 100)
    history["booked"] = [1] * 20 + [0] * 80 + [1] * 4 + [0] * 96
    history["bad"] = None
    document = write_pilot_design(market(history=history), tmp_path / "pilot", now=NOW)
    assert document.p_booked == pytest.approx(0.04)


def test_the_budget_of_the_plan_is_the_budget_of_the_pilot(market: Market, tmp_path: Path) -> None:
    plan = market(plan=PLAN + "[limits]\nbudget = 300\n")
    document = write_pilot_design(plan, tmp_path / "pilot", now=NOW, settings=GUESSED)
    assert document.design.limited_by == "budget"
    assert document.design.spend <= 300
    assert "It is not large enough" in (tmp_path / "pilot" / "design.md").read_text(encoding="utf-8")


def test_the_pilot_starts_on_the_next_business_day_of_the_plan(market: Market, tmp_path: Path) -> None:
    late = datetime(2026, 11, 30, 20, tzinfo=UTC)  # already 1 December in Shanghai
    document = write_pilot_design(market(), tmp_path / "pilot", now=late, settings=GUESSED)
    assert (document.design.ends_on - date(2026, 12, 2)).days == 7 * document.design.weeks - 1


def test_two_runs_of_one_plan_draw_the_same_leads(market: Market, tmp_path: Path) -> None:
    plan = market()
    for name in ("first", "second"):
        write_pilot_design(plan, tmp_path / name, now=NOW, settings=GUESSED)
    first, second = (pd.read_parquet(tmp_path / name / "assignment.parquet") for name in ("first", "second"))
    pd.testing.assert_frame_equal(first, second)


def test_the_plain_words_carry_the_figures_of_the_design(market: Market, tmp_path: Path) -> None:
    document = write_pilot_design(market(), tmp_path / "pilot", now=NOW, settings=GUESSED)
    text = (tmp_path / "pilot" / "design.md").read_text(encoding="utf-8").replace("\u00a0", " ")
    assert "**It is large enough**: should an offer lift the booked share by +3.00 points or more" in text
    assert f"{round(document.design.readings[0].leads):,}" in text
    assert f"CNY {document.design.spend:,.0f}" in text
    assert "nan" not in text


def test_what_nobody_knows_is_null_in_json_and_not_known_in_words(market: Market, tmp_path: Path) -> None:
    settings = PilotSettings(base_booking_rate=0.05)
    write_pilot_design(market(), tmp_path / "pilot", now=NOW, settings=settings)
    assert read_design(tmp_path / "pilot")["p_bad"] is None
    assert "not known" in (tmp_path / "pilot" / "design.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("plan", "settings", "said"),
    [
        (PLAN, PilotSettings(), "give the base booking rate"),
        (PLAN.replace('offers = "offers.csv"\n', ""), GUESSED, "names an offer"),
        (PLAN + "[limits]\nbudget = 1\n", GUESSED, "limit on budget leaves next to no leads"),
    ],
)
def test_what_the_design_cannot_do_without_is_asked_for(
    market: Market, tmp_path: Path, plan: str, settings: PilotSettings, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        write_pilot_design(market(plan=plan), tmp_path / "pilot", now=NOW, settings=settings)
    assert not (tmp_path / "pilot").exists()


def test_an_earlier_pilot_is_replaced_and_a_folder_of_other_files_is_not(market: Market, tmp_path: Path) -> None:
    plan, out = market(), tmp_path / "pilot"
    for _ in range(2):
        write_pilot_design(plan, out, now=NOW, settings=GUESSED)
    other = tmp_path / "letters"
    other.mkdir()
    (other / "keep.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BadInput, match="holds other files"):
        write_pilot_design(plan, other, now=NOW, settings=GUESSED)
    assert (other / "keep.txt").read_text(encoding="utf-8") == "mine"


def test_a_folder_is_untouched_when_writing_fails_half_way(tmp_path: Path) -> None:
    out = tmp_path / "pilot"
    out.mkdir()
    (out / "design.json").write_text("old", encoding="utf-8")

    def fail(folder: Path) -> None:
        (folder / "design.json").write_text("half", encoding="utf-8")
        raise BadInput("the disk is full")

    with pytest.raises(BadInput, match="disk is full"):
        replace_folder(out, fail)
    assert [p.name for p in tmp_path.iterdir()] == ["pilot"]
    assert (out / "design.json").read_text(encoding="utf-8") == "old"


def test_the_market_whose_truth_is_known_can_be_piloted(taiwan_market: Path, tmp_path: Path) -> None:
    document = write_pilot_design(taiwan_market / "plan.toml", tmp_path / "pilot", now=NOW)
    assert document.design.spend <= 60_000
    assert 0 < document.assigned <= document.leads_allowed

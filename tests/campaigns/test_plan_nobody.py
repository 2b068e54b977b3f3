"""A market where a booking brings next to nothing: the plan that contacts nobody is a plan, written whole."""

import pandas as pd
import pytest

from campaigns import cli
from campaigns.plan_document import PlanDocument
from campaigns.settings import Settings
from tests.campaigns.small_plans import Planned, check_files_are_complete, check_limits_hold, write_small_market


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Planned:
    """The small market with a revenue of 1 a booking, planned by the command."""
    folder = tmp_path_factory.mktemp("nobody")
    plan_file = write_small_market(folder / "market")
    history = pd.read_parquet(plan_file.parent / "history.parquet")
    history["revenue"] = history["booked"].astype(float)
    history.to_parquet(plan_file.parent / "history.parquet", index=False)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("ACQUIRE_DATABASE_URL", f"sqlite:///{folder / 'acquire.db'}")
        assert cli.main(["plan", str(plan_file), "--out", str(folder / "plan")]) == 0
        settings = Settings.load()
    document = PlanDocument.from_json((folder / "plan" / "plan.json").read_text(encoding="utf-8"))
    return Planned(plan_file=plan_file, out=folder / "plan", document=document, settings=settings)


def test_the_plan_is_complete_with_nobody_contacted(planned: Planned) -> None:
    check_files_are_complete(planned)
    check_limits_hold(planned)
    assert set(planned.decisions["decision"]) <= {"hold", "refuse"}
    assert "NO_OFFER_PAYS" in set(planned.decisions["reason"])
    assert planned.lists == {}


def test_the_allocation_has_its_columns_and_no_rows(planned: Planned) -> None:
    assert (planned.out / "allocation.csv").read_text(encoding="utf-8") == (
        "channel,partner,offer,contacts,spend,booked,incremental,bad_rate,cac,incremental_cac,value\n"
    )


def test_the_first_words_are_contact_nobody(planned: Planned) -> None:
    assert planned.json["evidence"]["verdict"].startswith("Contact nobody")
    assert "Contact nobody" in (planned.out / "report.html").read_text(encoding="utf-8")


def test_nothing_is_spent_and_ratios_of_nothing_are_null(planned: Planned) -> None:
    expected = {name: figure["expected"] for name, figure in planned.json["headline"].items()}
    assert {expected[name] for name in ("contacts", "spend", "booked", "incremental", "value")} == {0.0}
    assert {expected[name] for name in ("bad_rate", "incremental_bad_rate", "cac", "incremental_cac")} == {None}

"""What is wrong with a plan, its market or its folder: one line, the exit code that goes with it, and nothing is touched."""

import errno
import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from acquire.errors import BadInput
from campaigns import cli, folders
from campaigns.folders import replacing
from campaigns.store.partners import add_partners
from campaigns.store.session import open_or_create_store
from tests.campaigns.small_plans import SMALLER, change_plan_file, contents, copy_market, write_small_market

OLD = {"plan.json": "{}", "report.html": "the report of an earlier plan"}

Run = Callable[[Path, Path], tuple[int, str]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the small market, read-only by agreement."""
    return write_small_market(tmp_path_factory.mktemp("small"), SMALLER).parent


@pytest.fixture
def plan_file(small: Path, tmp_path: Path) -> Path:
    """The plan file of a copy of this test's own."""
    return copy_market(small, tmp_path / "market")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The folder of an earlier plan."""
    folder = tmp_path / "plan"
    folder.mkdir()
    for name, text in OLD.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def refused(
    fits_remembered: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Run `acquire plan`, which must fail in one line and touch nothing; gives exit code and line."""
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", f"sqlite:///{tmp_path / 'acquire.db'}")

    def run(plan_file: Path, out: Path) -> tuple[int, str]:
        before = contents(tmp_path)
        code = cli.main(["plan", str(plan_file), "--out", str(out)])
        said, error = capsys.readouterr()
        assert said == ""
        assert re.fullmatch(r"acquire: [^\n]+\n", error), error
        assert "Traceback" not in error
        assert contents(tmp_path) == before
        assert not [path for path in tmp_path.rglob("*") if path.name.startswith(".")]
        return code, error

    return run


def rewrite(table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Callable[[Path], None]:
    def spoil(market: Path) -> None:
        path = market / f"{table}.parquet"
        change(pd.read_parquet(path)).to_parquet(path, index=False)

    return spoil


def write(name: str, old: str, new: str) -> Callable[[Path], None]:
    def spoil(market: Path) -> None:
        change_plan_file(market / name, (old, new))

    return spoil


def ask_little_of_300_leads(plan_file: Path) -> None:
    """Few leads under a loose limit: a plan in seconds."""
    rewrite("leads", lambda table: table.head(300))(plan_file.parent)
    limits = "max_bad_rate = 0.15\nbad_rate_confidence = 0.95\nmax_partner_share = 0.4\n"
    limits += "min_region_share = { home = 0.5 }"
    change_plan_file(plan_file, (limits, "max_contacts = 100"))


@pytest.mark.parametrize(
    ("spoil", "line"),
    [
        (lambda market: (market / "leads.parquet").unlink(), "leads.parquet"),
        (lambda market: (market / "history.parquet").write_bytes(b"PAR1 not really"), "history.parquet"),
        (write("plan.toml", "budget =", "budgte ="), "budgte"),
        (write("plan.toml", "max_bad_rate = 0.15", "max_bad_rate = 6.0"), "max_bad_rate is 6"),
        (write("plan.toml", "max_partner_share = 0.4", "max_partner_share = { nobody = 0.4 }"), "nobody"),
        (write("plan.toml", "[holdout]", "min_group_share = { age = 0.2 }\n[holdout]"), "min_group_share names age"),
        (write("plan.toml", "[holdout]", "min_group_share = { tall = 0.2 }\n[holdout]"), "min_group_share names tall"),
        (write("plan.toml", "special_codes = {", "special_codes = { agge = [-1],"), "did you mean age?"),
        (write("plan.toml", "direction = {", "direction = { gender = 'rising',"), "is no feature"),
        (write("policy.toml", "age = 19, hit = true", "age = 19, hit = false"), "young"),
        (write("policy.toml", 'field = "age"', 'field = "gender"'), "gender"),
        (write("policy.toml", 'field = "age"', 'field = "shoe_size"'), "shoe_size"),
        (write("channels.csv", "orbit", ""), "partner"),
        (rewrite("history", lambda table: table[table["offer"] != "control"]), "acquire experiment design"),
        (rewrite("history", lambda table: table.assign(booked=0)), "booked"),
        (rewrite("history", lambda table: table.drop(columns="bad")), "no bad label"),
        (rewrite("history", lambda table: table.drop(columns="revenue")), "no revenue"),
        (rewrite("leads", lambda table: table.drop(columns="region")), "region"),
        (rewrite("leads", lambda table: table.drop(columns="consent")), "assume_consent"),
        (rewrite("leads", lambda table: table.head(0)), "leads"),
        (rewrite("leads", lambda table: table.assign(lead_id="the same")), "leads"),
    ],
)
def test_what_is_wrong_stops_with_one_line_and_an_earlier_plan_stays(
    plan_file: Path, out: Path, refused: Run, spoil: Callable[[Path], None], line: str
) -> None:
    spoil(plan_file.parent)
    code, error = refused(plan_file, out)
    assert code == 2
    assert line in error


def test_a_region_limit_needs_a_region_column_whichever_way_it_limits(plan_file: Path, out: Path, refused: Run) -> None:
    rewrite("leads", lambda table: table.drop(columns="region"))(plan_file.parent)
    change_plan_file(plan_file, ("min_region_share = { home = 0.5 }", 'refuse_regions = ["far"]'))
    assert refused(plan_file, out)[0] == 2


def a_folder_that_is_missing(folder: Path) -> Path:
    return folder / "absent" / "plan"


def a_file(folder: Path) -> Path:
    (folder / "file").write_text("mine", encoding="utf-8")
    return folder / "file"


def below_a_file(folder: Path) -> Path:
    return a_file(folder) / "plan"


def a_folder_of_other_things(folder: Path) -> Path:
    (folder / "letters").mkdir()
    (folder / "letters" / "keep.txt").write_text("mine", encoding="utf-8")
    return folder / "letters"


def a_link(folder: Path) -> Path:
    (folder / "elsewhere").mkdir()
    (folder / "link").symlink_to(folder / "elsewhere")
    return folder / "link"


def where_nothing_can_be_made(folder: Path) -> Path:
    return Path("/proc/plan")


def around_the_plan_file(folder: Path) -> Path:
    (folder / "market" / "plan.json").write_text("{}", encoding="utf-8")
    return folder / "market"


@pytest.mark.parametrize(
    "place",
    [
        a_folder_that_is_missing,
        a_file,
        below_a_file,
        a_folder_of_other_things,
        a_link,
        where_nothing_can_be_made,
        around_the_plan_file,
    ],
)
def test_a_place_that_cannot_be_written_is_said_before_any_work(
    plan_file: Path, tmp_path: Path, refused: Run, place: Callable[[Path], Path]
) -> None:
    out, began = place(tmp_path), time.process_time()
    code, error = refused(plan_file, out)
    assert code == 2
    assert str(out) in error
    assert time.process_time() - began < 2


def test_a_database_inside_the_folder_of_the_plan_is_refused(
    plan_file: Path, out: Path, refused: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", f"sqlite:///{out / 'acquire.db'}")
    code, error = refused(plan_file, out)
    assert code == 2
    assert "acquire.db" in error


def test_limits_that_cannot_be_met_are_named_with_exit_code_3(plan_file: Path, out: Path, refused: Run) -> None:
    ask_little_of_300_leads(plan_file)
    change_plan_file(plan_file, ("max_contacts = 100", "max_contacts = 100\nmin_incremental_accounts = 5_000"))
    code, error = refused(plan_file, out)
    assert code == 3
    assert re.search(r"min_incremental_accounts from 5000 to at most \d", error)


def test_a_region_that_no_lead_comes_from_cannot_get_its_share(plan_file: Path, out: Path, refused: Run) -> None:
    ask_little_of_300_leads(plan_file)
    change_plan_file(plan_file, ("max_contacts = 100", "max_contacts = 100\nmin_region_share = { moon = 0.5 }"))
    code, error = refused(plan_file, out)
    assert code == 3
    assert "min_region_share[moon]" in error


def test_a_database_that_refuses_the_plan_leaves_the_folder_as_it_was(
    plan_file: Path, out: Path, refused: Run, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'acquire.db'}"
    with closing(open_or_create_store(url)) as store, store.writing() as session:
        add_partners(session, {"Orbit Limited": "orbit"})
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", url)
    ask_little_of_300_leads(plan_file)
    code, error = refused(plan_file, out)
    assert code == 2
    assert "'Orbit Limited' and 'orbit' would share the file name orbit" in error


def test_a_folder_that_cannot_take_its_place_leaves_no_plan_in_the_database(
    plan_file: Path, out: Path, refused: Run, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    url = f"sqlite:///{tmp_path_factory.mktemp('database') / 'acquire.db'}"
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", url)

    def full(fresh: Path, place: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(folders, "_put", full)
    ask_little_of_300_leads(plan_file)
    code, error = refused(plan_file, out)
    assert code == 1
    assert "nothing was changed" in error
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        assert database.execute("select count(*) from plans").fetchone() == (0,)


def test_a_run_killed_while_it_writes_leaves_the_earlier_plan_and_the_next_run_clears_up(
    plan_file: Path, out: Path, tmp_path: Path
) -> None:
    ask_little_of_300_leads(plan_file)
    before, environment = contents(out), {"ACQUIRE_DATABASE_URL": f"sqlite:///{tmp_path / 'acquire.db'}"}
    command = "import sys; from campaigns.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", command, "plan", str(plan_file), "--out", str(out)]
    with subprocess.Popen(words, env=os.environ | environment, stdout=subprocess.DEVNULL) as run:
        while not list(tmp_path.glob(".plan.acquire-*/new/*")):
            assert run.poll() is None
            time.sleep(0.01)
        run.kill()
    assert contents(out) == before
    assert list(tmp_path.glob(".plan.acquire-*"))
    with pytest.raises(BadInput), replacing(out):
        raise BadInput("the next run, which fails for a reason of its own")
    assert not list(tmp_path.glob(".plan.*"))
    assert contents(out) == before

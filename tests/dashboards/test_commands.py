"""serve and demo: what a person sees who types them."""

import socket
from pathlib import Path

import httpx
import pytest

from acquire.errors import BadInput
from campaigns.cli import main
from campaigns.demo_run import largest_partner, let_people_in
from campaigns.store.session import Store
from campaigns.users import authenticate
from dashboards.commands import _listen
from tests.campaigns.plan_documents import sample_plan
from tests.dashboards.conftest import Served
from tests.dashboards.small_store import PARTNER, PASSWORD, small_store


@pytest.fixture
def own_store(tmp_path: Path) -> Store:
    return small_store(f"sqlite:///{tmp_path / 'acquire.db'}")


def test_a_taken_port_is_said_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadInput, match=f"cannot listen on 127.0.0.1:{port}: .* --port"):
            _listen("127.0.0.1", port)


def test_a_host_that_does_not_exist_is_said_in_one_line() -> None:
    with pytest.raises(BadInput, match=r"cannot listen on no\.such\.host\.invalid:8050"):
        _listen("no.such.host.invalid", 8050)


def test_serve_without_a_database_says_how_to_make_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ACQUIRE_DATABASE_URL", f"sqlite:///{tmp_path / 'none.db'}")
    assert main(["serve", "--port", "0"]) == 2
    assert "acquire db upgrade" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["serve", "demo"])
def test_each_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == 0
    assert "--port" in capsys.readouterr().out


def test_the_partner_of_the_demo_is_the_one_with_most_contacts() -> None:
    # paywell: 2,310 + 640; own: 1,850; north_media: 1,402
    assert largest_partner(sample_plan()) == "paywell"


def test_running_the_demo_again_gives_new_passwords_and_ends_the_old_ones(own_store: Store) -> None:
    first, again = let_people_in(own_store, PARTNER), let_people_in(own_store, PARTNER)
    assert [one.role for one in first] == ["executive", "growth", "risk", "approver", "partner"]
    for old, new in zip(first, again, strict=True):
        assert old.password != new.password
        assert authenticate(own_store, new.login, old.password) is None
        assert authenticate(own_store, new.login, new.password) is not None
    assert authenticate(own_store, "executive", PASSWORD) is None
    assert again[-1].partner == PARTNER


def test_a_served_dashboard_answers(served: Served) -> None:
    assert httpx.get(f"{served.address}/healthz").status_code == 200

"""The dashboard served for real: uvicorn on a free port, on a small store."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn

from campaigns.store.session import Store
from dashboards.app import create_app
from tests.dashboards.small_store import NOW, small_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running dashboard and the database behind it."""

    address: str
    store: Store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The small store, made once."""
    folder: Path = tmp_path_factory.mktemp("dashboard")
    opened = small_store(f"sqlite:///{folder / 'acquire.db'}")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def served(store: Store) -> Iterator[Served]:
    """The dashboard on a port that the system chose."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        app = create_app(store, now=lambda: NOW)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            threading.Event().wait(0.02)
        yield Served(address=f"http://127.0.0.1:{listening.getsockname()[1]}", store=store)
        server.should_exit = True
        thread.join(timeout=10)

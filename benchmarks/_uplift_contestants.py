"""Who takes part in uplift.py: what acquire fits and serves, and the foreign process that fits the peers."""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

from acquire.domain import CONTROL, Feature, Offer
from acquire.ingest.tables import Tables
from acquire.statistics.encoding import fit_encoder
from acquire.uplift.serving import serve
from campaigns.scoring import fit_uplift

OURS = ("acquire", "acquire served")
PACKAGES = ("causalml>=0.18,<0.19", "scikit-uplift>=0.5,<0.6", "econml>=0.16,<0.18", "lightgbm>=4.7,<5", "pyarrow")
NEEDLESS = "nvidia-nccl-cu12 ; python_version < '3'\n"  # 470 MB that a machine without a GPU never uses

Estimates = dict[str, tuple[np.ndarray, float]]  # effects on the new rows and CPU seconds, by contestant


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """What one offer did to whom, and the rows whose effects are asked for.

    Attributes:
        matrix, new_matrix: Features of history and of the new rows.
        treated, booked: 0 or 1, shape (n,).
    """

    matrix: np.ndarray
    treated: np.ndarray
    booked: np.ndarray
    new_matrix: np.ndarray


@dataclass(slots=True)
class Peers:
    """The foreign process.

    Attributes:
        folder: Where tasks and answers lie.
        process: None where the peers could not be had.
        names: Who is asked; a peer that failed once in a part is not asked again in it.
    """

    folder: Path
    process: subprocess.Popen[str] | None
    names: list[str]

    def estimate(self, rows: Rows, names: Sequence[str]) -> Estimates:
        """Let every peer fit the rows; who fails is said aloud."""
        np.savez(
            self.folder / "task.npz",
            matrix=np.nan_to_num(rows.matrix, nan=-1.0),
            treated=rows.treated,
            booked=rows.booked,
            new_matrix=np.nan_to_num(rows.new_matrix, nan=-1.0),
            share=rows.treated.mean(),
        )
        answers: Estimates = {}
        for name in names:
            print("task", name, file=self.process.stdin, flush=True)
            answer = json.loads(self.process.stdout.readline())
            if "failed" in answer:
                print(f"  {name} is left out: {answer['failed']}", flush=True)
                continue
            answers[name] = (np.load(self.folder / "effects.npy"), answer["seconds"])
        return answers


@contextmanager
def start_peers(folder: Path, asked: argparse.Namespace) -> Iterator[Peers]:
    """Start the process that fits the peers; without any, said aloud, where they cannot be had."""
    python = asked.peers_python or install_peers(folder)
    if python is None:
        yield Peers(folder=folder, process=None, names=[])
        return
    command = [str(python), str(Path(__file__).with_name("_uplift_peers.py")), str(folder), str(asked.seconds)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        names = json.loads(process.stdout.readline())
        yield Peers(folder=folder, process=process, names=[n for n in names if asked.only is None or n in asked.only])
        process.stdin.close()


def install_peers(folder: Path) -> Path | None:
    """Make an environment with the peers in a temporary folder; it never becomes one of the project's dependencies."""
    python = folder / "environment" / "bin" / "python"
    (folder / "needless.txt").write_text(NEEDLESS)
    uv = [sys.executable, "-m", "uv"] if find_spec("uv") else [shutil.which("uv") or "false"]
    commands = [
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "environment")],
        [*uv, "pip", "install", "--quiet", "-p", str(python), "--override", str(folder / "needless.txt"), *PACKAGES],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print("The peers are left out: they could not be installed; name an interpreter: --peers-python PATH")
            return None
    return python


def estimate_all(peers: Peers, asking: Sequence[str], tables: Tables, seed: int) -> Estimates:
    """Effects of the one offer on the leads, by everybody."""
    ours = {name: (uplift[:, 0], seconds) for name, (uplift, seconds) in estimate_ours(tables, seed).items()}
    return ours | peers.estimate(rows_of(tables, tables.offers[0].offer), asking)


def estimate_ours(tables: Tables, seed: int) -> Estimates:
    """Effects as a plan scores them, and as the served model does; its seconds are what making it takes on top."""
    started = process_time()
    effects = fit_uplift(tables, seed)
    fitted = process_time()
    served = serve(effects, tables.history, np.random.default_rng(seed))
    made = process_time()
    return {
        "acquire": (effects.score(tables.leads)[1], fitted - started),
        "acquire served": (served.score(tables.leads)[1], made - fitted),
    }


def rows_of(tables: Tables, offer: str) -> Rows:
    """Rows of one offer and of control, through the same encoder for everybody."""
    encoder = fit_encoder(tables.history, tables.features)
    used = tables.history[tables.history["offer"].isin([CONTROL, offer])]
    return Rows(
        matrix=encoder.matrix(used),
        treated=(used["offer"] == offer).to_numpy(dtype=np.int64),
        booked=used["booked"].to_numpy(np.float64),
        new_matrix=encoder.matrix(tables.leads),
    )


def experiment(frame: pd.DataFrame, treated: np.ndarray, booked: np.ndarray, offer: str) -> pd.DataFrame:
    """History of an offer that half got by lot."""
    arm = np.where(treated, offer, CONTROL)
    return frame.assign(
        lead_id=[f"L{i}" for i in range(len(frame))], offer=arm, booked=booked.astype(int), propensity=0.5
    )


def tables_of(history: pd.DataFrame, leads: pd.DataFrame, offer: str) -> Tables:
    """The tables as far as the uplift stage looks at them."""
    names = [name for name in history if name not in ("lead_id", "offer", "booked", "propensity")]
    numeric = {name: pd.api.types.is_numeric_dtype(history[name]) for name in names}
    return Tables(
        history=history,
        leads=leads,
        channels=(),
        offers=(Offer(offer=offer),),
        features=tuple(Feature(name=name, kind="numeric" if numeric[name] else "category") for name in names),
        quarantine=pd.DataFrame(),
        counts=(),
        notes=(),
        hashes={},
    )

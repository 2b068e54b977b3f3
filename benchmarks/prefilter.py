"""The scorecard and its challenger beside their peers on three public tables, 20 random 70/30 splits each.

    python benchmarks/prefilter.py [--quick] [--optbinning-python PATH]

Peers in the same run: optbinning (a process of its own, in an environment of its own: PATH, or made in a temporary folder),
LightGBM free and monotone, HistGradientBoosting. All see the same rows and columns. CPU seconds, one thread. Splits overlap, so
the intervals of paired differences are corrected for it.

References:
    Nadeau, C. and Bengio, Y. (2003), "Inference for the generalization error", section 4 (corrected resampled t).
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import json
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd
from _risk_contestants import OURS, PEERS, Fit
from _risk_tables import TEST_SHARE, Table, read_table
from scipy.stats import t

from acquire.prefilter.quality import auc, ks, log_loss, measure

N_SPLITS = 20
CONFIDENCE = 0.90


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Chances of a split's test rows, CPU seconds of the fit and rows scored per CPU second."""

    p_bad: np.ndarray
    fit_seconds: float
    rows_per_second: float


Ask = Callable[[str, int], Run]


def main() -> None:
    """Print a table per data set and a line per target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 splits")
    parser.add_argument("--tables", nargs="*", default=["taiwan", "lendingclub", "german"])
    parser.add_argument("--optbinning-python", type=Path, help="interpreter of an environment that has optbinning")
    asked = parser.parse_args()
    tables = [read_table(name, 3 if asked.quick else N_SPLITS) for name in asked.tables]
    with tempfile.TemporaryDirectory() as folder, optbinning(Path(folder), tables, asked.optbinning_python) as ask:
        results = pd.concat([run_table(table, ask) for table in tables])
    for table in tables:
        print_table(table, results[results["table"] == table.name])
    print_verdicts(results, [table.name for table in tables])


@contextmanager
def optbinning(folder: Path, tables: Sequence[Table], python: Path | None) -> Iterator[Ask | None]:
    """A process that fits optbinning when asked; None, said aloud, where it cannot be had."""
    python = python or install_optbinning(folder)
    if python is None:
        yield None
        return
    for table in tables:
        hand_over(table, folder)
    command = [str(python), str(Path(__file__).with_name("_optbinning.py")), str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:

        def ask(table: str, split: int) -> Run:
            print(table, split, file=process.stdin, flush=True)
            answer = json.loads(process.stdout.readline())
            return Run(p_bad=np.load(folder / "chances.npy"), **answer)

        yield ask
        process.stdin.close()


def install_optbinning(folder: Path) -> Path | None:
    """Make an environment with optbinning in a temporary folder; it never becomes one of the project's dependencies."""
    python = folder / "environment" / "bin" / "python"
    commands = [
        [sys.executable, "-m", "venv", str(folder / "environment")],
        [str(python), "-m", "pip", "install", "--quiet", "optbinning>=1.0,<2", "pyarrow"],
    ]
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print("optbinning is left out: it could not be installed; name an interpreter: --optbinning-python PATH")
            return None
    return python


def hand_over(table: Table, folder: Path) -> None:
    """Write the rows and the splits for the foreign process."""
    table.frame.assign(bad=table.bad).to_parquet(folder / f"{table.name}.parquet")
    (folder / f"{table.name}.json").write_text(json.dumps({"categories": table.categories}))
    rows = {f"train_{i}": train for i, (train, _) in enumerate(table.splits)}
    rows |= {f"test_{i}": test for i, (_, test) in enumerate(table.splits)}
    np.savez(folder / f"{table.name}.npz", score=table.score, **rows)


def run_table(table: Table, ask: Ask | None) -> pd.DataFrame:
    """One row per contestant and split: all contestants of a split run right after each other."""
    rows = []
    for split, (train, test) in enumerate(table.splits):
        runs = {name: run_here(fit, table, train, test, split, strict=True) for name, fit in OURS.items()}
        if ask is not None:
            runs["optbinning"] = ask(table.name, split)
        runs |= {name: run_here(fit, table, train, test, split, strict=False) for name, fit in PEERS.items()}
        rows += [judge(run, table.bad[test]) | {"name": name, "split": split} for name, run in runs.items()]
    return pd.DataFrame(rows).assign(table=table.name)


def run_here(fit: Fit, table: Table, train: np.ndarray, test: np.ndarray, seed: int, *, strict: bool) -> Run:
    """Fit and score in this process; a warning of ours is an error."""
    many = table.frame.iloc[table.score].reset_index(drop=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error" if strict else "ignore")
        started = process_time()
        chances = fit(table, train, seed)
        fit_seconds = process_time() - started
        p_bad = chances(table.frame.iloc[test])
        started = process_time()
        chances(many)
        return Run(p_bad=p_bad, fit_seconds=fit_seconds, rows_per_second=len(many) / (process_time() - started))


def judge(run: Run, bad: np.ndarray) -> dict[str, float]:
    """The figures of one contestant on one split."""
    quality = measure(run.p_bad, bad, np.zeros(len(bad), dtype=np.int64))
    return {
        "auc": auc(run.p_bad, bad),
        "ks": ks(run.p_bad, bad),
        "log_loss": log_loss(run.p_bad, bad),
        "ece": quality.ece,
        "fit_seconds": run.fit_seconds,
        "rows_per_second": run.rows_per_second,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Mean paired difference over the splits and its interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:+.4f} ({self.low:+.4f} to {self.high:+.4f})"


def difference(results: pd.DataFrame, figure: str, ours: str, peer: str) -> Difference:
    """Ours less the peer's, with the interval of Nadeau and Bengio.

    mean +- t * sqrt((1 / splits + test rows / training rows) * variance of the differences)
    """
    wide = results.pivot(index="split", columns="name", values=figure)
    gaps = (wide[ours] - wide[peer]).to_numpy()
    error = np.sqrt((1 / len(gaps) + TEST_SHARE / (1 - TEST_SHARE)) * gaps.var(ddof=1))
    reach = t.ppf((1 + CONFIDENCE) / 2, len(gaps) - 1) * error
    return Difference(mean=gaps.mean(), low=gaps.mean() - reach, high=gaps.mean() + reach)


def print_table(table: Table, results: pd.DataFrame) -> None:
    """Means over the splits (medians of the times) per contestant."""
    n_splits = len(table.splits)
    print(f"\n{table.name}: {len(table.bad):,} rows, bad {table.bad.mean():.3f}, {n_splits} splits")
    groups = results.groupby("name", sort=False)
    shown = groups[["auc", "ks", "log_loss", "ece"]].mean().round(4)
    shown["fit_seconds"] = groups["fit_seconds"].median().round(3)
    shown["rows_per_second"] = groups["rows_per_second"].median().map("{:,.0f}".format)
    print(shown.to_string())


def print_verdicts(results: pd.DataFrame, tables: Sequence[str]) -> None:
    """One line per target and table."""
    for name in tables:
        print(f"\n{name}: ours less the peer's, {CONFIDENCE:.0%} interval")
        for line in verdicts(results[results["table"] == name]):
            print(line)


def verdicts(results: pd.DataFrame) -> Iterator[str]:
    """The targets in words."""
    names = set(results["name"])
    champion, challenger = "acquire scorecard", "acquire challenger"
    if "optbinning" in names:
        gap = difference(results, "auc", champion, "optbinning")
        yield line("AUC, scorecard - optbinning", gap, reached=gap.mean >= -0.003 or gap.low <= 0 <= gap.high)
        yield speed(results, "fit_seconds", champion, 4)
        yield speed(results, "fit_seconds", "- without errors", 4)
        yield speed(results, "rows_per_second", champion, 2)
    for peer in ("optbinning", *PEERS):
        if peer in names:
            gap = difference(results, "ece", champion, peer)
            yield line(f"ECE, scorecard - {peer}", gap, reached=gap.low <= 0)
    if challenger in names:
        gap = difference(results, "auc", challenger, "LightGBM")
        yield line("AUC, challenger - LightGBM", gap, reached=gap.mean >= -0.002 or gap.low <= 0 <= gap.high)


def line(what: str, gap: Difference, *, reached: bool) -> str:
    """One target and whether it is reached."""
    return f"  {'reached ' if reached else 'MISSED  '} {what:<44} {gap}"


def speed(results: pd.DataFrame, figure: str, ours: str, times: float) -> str:
    """How many times as fast as optbinning, the median of the splits' ratios."""
    wide = results.pivot(index="split", columns="name", values=figure)
    ratio = float((wide[ours] / wide["optbinning"]).median())
    ratio = 1 / ratio if figure == "fit_seconds" else ratio
    what = f"{'fit' if figure == 'fit_seconds' else 'score'} {ours}, at least {times:.0f} times as fast"
    return f"  {'reached ' if ratio >= times else 'MISSED  '} {what:<44} {ratio:.1f} times"


if __name__ == "__main__":
    main()

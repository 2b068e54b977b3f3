"""Does `acquire score` keep its memory however many leads there are? Peak resident memory of the process, by file size.

    python benchmarks/score_memory.py [--rows 500000 3000000]

Fits the models of a small made market once, then scores generated files of leads, each in a process of its own.
"""

import os

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import argparse
import re
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from acquire.ingest.market import MarketSpec, make_market
from campaigns.demo import write_demo_market
from campaigns.fit_run import fidelity_text, fit_folder
from campaigns.progress import SilentProgress
from campaigns.settings import Settings

MOST_GROWTH = 1.15
ON = datetime(2026, 1, 1, tzinfo=UTC)
SCORE = """
import resource, sys, time
from pathlib import Path
from campaigns.score_leads import score_file
count = score_file(*map(Path, sys.argv[1:4]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(count.read, f"{peak:.0f}", f"{time.process_time():.0f}")
"""


def main() -> None:
    """Print peak memory per file and end with 1 where it grows with the rows."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, nargs="+", default=[500_000, 3_000_000])
    parser.add_argument("--history", type=int, default=20_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        models, leads = fit_models(folder, asked.history)
        peaks = [score(folder, models, leads, n) for n in asked.rows]
    if max(peaks) > MOST_GROWTH * peaks[0]:
        raise SystemExit("memory grows with the number of leads")


def fit_models(folder: Path, n_history: int) -> tuple[Path, pd.DataFrame]:
    """The models of a market without links, and its leads to copy from."""
    spec = MarketSpec(n_history=n_history, n_leads=2_000, ends_on=date(2025, 12, 31))
    plan_file = write_demo_market(folder / "market", make_market(spec, np.random.default_rng(7)))
    text = re.sub(r"(?m)^(links|policy|max_bad_rate) = .*\n", "", plan_file.read_text(encoding="utf-8"))
    plan_file.write_text(text, encoding="utf-8")
    settings = Settings(database_url=f"sqlite:///{folder / 'acquire.db'}")
    fitted = fit_folder(plan_file, folder / "models", progress=SilentProgress(), now=ON, settings=settings)
    print(fidelity_text(fitted))
    return folder / "models", pd.read_parquet(folder / "market" / "leads.parquet")


def score(folder: Path, models: Path, leads: pd.DataFrame, n: int) -> float:
    """Generate n leads, score them in a process of their own; gives its peak memory in MB."""
    path, out = folder / "many.parquet", folder / "scores.parquet"
    generate(path, leads, n)
    done = subprocess.run(
        [sys.executable, "-c", SCORE, models, path, out], stdout=subprocess.PIPE, text=True, check=True
    ).stdout.split()
    rows = pq.ParquetFile(out).metadata.num_rows
    print(f"{int(done[0]):12,} leads: peak {done[1]} MB, {done[2]} CPU seconds, {rows:,} rows of scores", flush=True)
    return float(done[1])


def generate(path: Path, leads: pd.DataFrame, n: int) -> None:
    """Copies of the leads with numbers of their own, written part by part."""
    rng, writer, written = np.random.default_rng(1), None, 0
    while written < n:
        part = leads.sample(min(100_000, n - written), replace=True, random_state=int(rng.integers(2**31)))
        part = part.assign(lead_id=[f"G{written + i:09d}" for i in range(len(part))])
        part["age"] = part["age"] + rng.integers(-2, 3, len(part))
        table = pa.Table.from_pandas(part, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        written += len(part)
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    main()

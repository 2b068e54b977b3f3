"""The peer optbinning, in a process and an environment of its own: it cannot share either with the solver of the project.

    python benchmarks/_optbinning.py FOLDER      started by prefilter.py; its name keeps `make bench` from running it

Reads one line per task from the standard input, "TABLE SPLIT"; fits on that split's training rows, writes the chances of its
test rows to FOLDER and answers with one line of JSON: CPU seconds of the fit, rows scored per CPU second.
"""

import contextlib
import json
import sys
import warnings
from pathlib import Path
from time import process_time

import numpy as np
import pandas as pd

with contextlib.redirect_stdout(sys.stderr):
    from optbinning import BinningProcess, Scorecard
from sklearn.linear_model import LogisticRegression


def main() -> None:
    """Answer tasks until the input ends."""
    warnings.simplefilter("ignore")
    folder = Path(sys.argv[1])
    for line in sys.stdin:
        table, split = line.split()
        with contextlib.redirect_stdout(sys.stderr):
            answer = work(folder, table, int(split))
        print(json.dumps(answer), flush=True)


def work(folder: Path, table: str, split: int) -> dict[str, float]:
    """Fit one split, write its chances."""
    task = json.loads((folder / f"{table}.json").read_text())
    frame = pd.read_parquet(folder / f"{table}.parquet")
    # Strings as plain objects are what it scores fastest.
    frame = frame.astype(dict.fromkeys(task["categories"], object))
    bad = frame.pop("bad").to_numpy().astype(int)
    rows = np.load(folder / f"{table}.npz")
    train, test = frame.iloc[rows[f"train_{split}"]], frame.iloc[rows[f"test_{split}"]]
    started = process_time()
    card = fit(train, bad[rows[f"train_{split}"]], task["categories"])
    fit_seconds = process_time() - started
    np.save(folder / "chances.npy", card.predict_proba(test)[:, 1])
    many = frame.iloc[rows["score"]].reset_index(drop=True)
    started = process_time()
    card.predict_proba(many)
    return {"fit_seconds": fit_seconds, "rows_per_second": len(many) / (process_time() - started)}


def fit(train: pd.DataFrame, bad: np.ndarray, categories: list[str]) -> Scorecard:
    """Its documented defaults; missing values weighed by what they did, as its manual advises for fitting on them."""
    missing = {name: {"metric_missing": "empirical"} for name in train.columns}
    binning = BinningProcess(list(train.columns), categorical_variables=categories, binning_transform_params=missing)
    card = Scorecard(binning_process=binning, estimator=LogisticRegression(max_iter=1000))
    return card.fit(train, bad, metric_missing="empirical")


if __name__ == "__main__":
    main()

"""The peers of uplift.py, in a process and an environment of their own: none of them becomes one of the project's dependencies.

    python benchmarks/_uplift_peers.py FOLDER SECONDS      started by uplift.py; its name keeps `make bench` from running it

Reads one line per task from the standard input, "TASK PEER", where FOLDER/TASK.npz holds matrix, treated (0 or 1), booked, share
(of the treated, by design) and new_matrix. Fits the peer in a child process of its own, that is stopped after SECONDS of CPU
time, writes the effects on new_matrix to FOLDER/effects.npy and answers with one line of JSON: its CPU seconds and memory in MB,
or what became of it.

Every peer has its library's defaults over LightGBM's defaults; all are told the true share of the treated where they can use it,
so none pays for guessing it. "our trees" are causalml's learners over the very trees that acquire grows, without anything around.
"""

import json
import os
import resource
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
from causalml.inference.meta import (
    BaseDRRegressor,
    BaseRRegressor,
    BaseSRegressor,
    BaseTRegressor,
    BaseXRegressor,
    XGBTRegressor,
)
from econml.dml import CausalForestDML, LinearDML
from econml.dr import DRLearner, ForestDRLearner
from econml.metalearners import XLearner
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.dummy import DummyClassifier
from sklift.models import SoloModel, TwoModels

OUR_TREES = {
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_child_samples": 200,
    "reg_lambda": 10.0,
    "colsample_bytree": 0.5,
    "subsample": 0.7,
    "subsample_freq": 1,
    "max_bin": 63,
}


class Task:
    """One history with two arms, and the rows whose effects are asked for."""

    def __init__(self, path: Path) -> None:
        """Read what uplift.py wrote."""
        with np.load(path) as held:
            self.matrix, self.treated, self.booked = held["matrix"], held["treated"].astype(int), held["booked"]
            self.new_matrix, self.share = held["new_matrix"], float(held["share"])


Peer = Callable[[Task], np.ndarray]


def regressor(**settings: object) -> LGBMRegressor:
    """LightGBM's defaults, one thread."""
    return LGBMRegressor(n_jobs=1, verbose=-1, random_state=0, **settings)


def classifier() -> LGBMClassifier:
    """LightGBM's defaults, one thread."""
    return LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)


def causalml(make: Callable[[], object], *, knows_share: bool = True) -> Peer:
    """A meta-learner of causalml."""

    def fit(task: Task) -> np.ndarray:
        learner = make()
        known = {"p": np.full(len(task.booked), task.share)} if knows_share else {}
        learner.fit(X=task.matrix, treatment=task.treated, y=task.booked, **known)
        asked = {"p": np.full(len(task.new_matrix), task.share)} if isinstance(learner, BaseXRegressor) else {}
        return learner.predict(X=task.new_matrix, **asked)

    return fit


def scikit_uplift(make: Callable[[], object]) -> Peer:
    """A model of scikit-uplift."""

    def fit(task: Task) -> np.ndarray:
        names = [f"x{i}" for i in range(task.matrix.shape[1])]
        frame, new = (pd.DataFrame(matrix, columns=names) for matrix in (task.matrix, task.new_matrix))
        model = make().fit(frame, pd.Series(task.booked.astype(int)), pd.Series(task.treated))
        return model.predict(new)

    return fit


def econml(make: Callable[[], object]) -> Peer:
    """An estimator of EconML."""

    def fit(task: Task) -> np.ndarray:
        return make().fit(task.booked, task.treated, X=task.matrix).effect(task.new_matrix)

    return fit


def at_random() -> DummyClassifier:
    """Everybody has the same chance of the offer."""
    return DummyClassifier(strategy="prior")


PEERS: dict[str, Peer] = {
    "causalml S": causalml(lambda: BaseSRegressor(learner=regressor()), knows_share=False),
    "causalml T": causalml(lambda: BaseTRegressor(learner=regressor()), knows_share=False),
    "causalml X": causalml(lambda: BaseXRegressor(learner=regressor())),
    "causalml R": causalml(lambda: BaseRRegressor(learner=regressor())),
    "causalml DR": causalml(lambda: BaseDRRegressor(learner=regressor())),
    "causalml XGBT": causalml(lambda: XGBTRegressor(n_jobs=1), knows_share=False),
    "causalml S, our trees": causalml(lambda: BaseSRegressor(learner=regressor(**OUR_TREES)), knows_share=False),
    "causalml X, our trees": causalml(lambda: BaseXRegressor(learner=regressor(**OUR_TREES))),
    "sklift TwoModels": scikit_uplift(lambda: TwoModels(classifier(), classifier())),
    "sklift TwoModels ddr": scikit_uplift(lambda: TwoModels(classifier(), classifier(), method="ddr_control")),
    "sklift SoloModel": scikit_uplift(lambda: SoloModel(classifier())),
    "sklift SoloModel int.": scikit_uplift(lambda: SoloModel(classifier(), method="treatment_interaction")),
    "econml XLearner": econml(lambda: XLearner(models=regressor(), propensity_model=at_random())),
    "econml DRLearner": econml(
        lambda: DRLearner(
            model_propensity=at_random(), model_regression=regressor(), model_final=regressor(), random_state=0
        )
    ),
    "econml LinearDML": econml(
        lambda: LinearDML(model_y=regressor(), model_t=at_random(), discrete_treatment=True, random_state=0)
    ),
    "econml CausalForest": econml(
        lambda: CausalForestDML(
            model_y=regressor(), model_t=at_random(), discrete_treatment=True, n_jobs=1, random_state=0
        )
    ),
    "econml ForestDR": econml(
        lambda: ForestDRLearner(model_propensity=at_random(), model_regression=regressor(), n_jobs=1, random_state=0)
    ),
}


def main() -> None:
    """Name the peers, then answer tasks until the input ends."""
    folder, seconds = Path(sys.argv[1]), int(sys.argv[2])
    print(json.dumps(list(PEERS)), flush=True)
    for line in sys.stdin:
        task, peer = line.rstrip("\n").split(" ", 1)
        print(json.dumps(work(folder, task, peer, seconds)), flush=True)


def work(folder: Path, task: str, peer: str, seconds: int) -> dict[str, object]:
    """Fit one peer in a child; what it used is the child's own CPU time and memory."""
    child = os.fork()
    if child == 0:
        fit_and_leave(folder, task, peer, seconds)
    _, status, used = os.wait4(child, 0)
    if status == 0:
        return {"seconds": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}
    stopped = os.WIFSIGNALED(status)
    return {"failed": f"not finished in {seconds} CPU seconds" if stopped else "it stopped with an error"}


def fit_and_leave(folder: Path, task: str, peer: str, seconds: int) -> None:
    """Fit, write, end the process: never returns."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    code = 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            np.save(folder / "effects.npy", np.ravel(PEERS[peer](Task(folder / f"{task}.npz"))))
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()

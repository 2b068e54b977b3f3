"""What the allocator costs, beside the solvers that do the same: CPU seconds, peak memory, and the gap that is left.

    python benchmarks/allocate.py [--quick] [--ortools-python PYTHON] [--picture FILE.svg]

1. Shares of contacts through named PuLP rows: 10,000, 100,000 and 1,000,000 columns (4 offers to a lead) under 12 limits. Peers
   get the same market: PuLP as tutorials write it with CBC, PuLP with little overhead with HiGHS, HiGHS directly, and OR-Tools'
   GLOP in an environment of its own. Peers are asked up to 100,000 columns.
2. Whole contacts: 1,000,000 leads x 8 options under 10 coupling limits, and 10,000,000 leads in ten parts read from disk.
3. Growth: whole contacts from 1,000 to 10,000,000 leads x 8.
4. The product's own `allocate()` on the same market and limits with the bad rates held at confidence .95 over 30 model errors,
   everything from the option table to the explained limits and the certificate counted.

Every measurement is a process of its own: CPU seconds of all its threads from the arrays to the answer (importing and making the
market not counted), peak memory of the whole process. The gap is recomputed from the prices (weak duality); peers have none, so
theirs is the distance of their optimum from ours.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, overload

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
from _allocate_market import Market, list_limits, make_market
from _allocate_tables import as_options, as_problem

HERE = Path(__file__).parent
PEERS = ("naive PuLP + CBC", "PuLP + HiGHS", "highspy", "OR-Tools (GLOP)")
SEED, N_OFFERS = 1, 8
PART = 1_000_000  # leads
FIGURES = ("gain", "spend", "booked", "incremental", "bad", "channel", "region", "young")


def main() -> None:
    """Run all measurements and print them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="up to 100,000 columns and 1,000,000 leads")
    parser.add_argument("--ortools-python", default=None, help="an interpreter that has ortools and pandas")
    parser.add_argument("--picture", type=Path, default=None, help="write the growth of cost with size as an SVG file")
    parser.add_argument("--one", nargs=2, default=None, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        measures = {"shares": measure_shares, "whole": measure_whole, "allocate": measure_allocate}
        print(json.dumps(measures[asked.one[0]](int(asked.one[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        ortools = asked.ortools_python or install_ortools(Path(folder))
        compare_shares((10_000, 100_000) if asked.quick else (10_000, 100_000, 1_000_000), ortools)
    sizes = [1_000, 10_000, 100_000, 1_000_000] + ([] if asked.quick else [10_000_000])
    growth = {n_leads: report_whole(n_leads) for n_leads in sizes}
    for n_leads in (12_500, 100_000, 1_000_000):
        report_allocate(n_leads)
    if asked.picture:
        asked.picture.write_text(draw(growth))


def compare_shares(sizes: Sequence[int], ortools: str | None) -> None:
    """Print the first table."""
    print(f"{'shares of contacts, 12 limits':32}{'columns':>10}{'CPU s':>9}{'GB':>7}{'gap':>10}{'times ours':>12}")
    for n in sizes:
        ours = run([sys.executable, __file__, "--one", "shares", str(n)])
        print(f"{'this package (PuLP rows)':32}{n:>10,}{ours['cpu']:9.2f}{ours['gb']:7.2f}{ours['gap']:10.0e}{1:12.1f}")
        print(f"{'  then in whole contacts':32}{n:>10,}{ours['whole']:9.2f}{'':7}{ours['whole_gap']:10.0e}")
        for peer in PEERS if n <= 100_000 else ():
            python = ortools if peer.startswith("OR-Tools") else sys.executable
            if python is not None:
                theirs = run([python, str(HERE / "_allocate_peers.py"), peer, str(n), str(SEED)])
                apart = abs(theirs["gain"] / ours["gain"] - 1)
                times = theirs["cpu"] / ours["cpu"]
                print(f"{peer:32}{n:>10,}{theirs['cpu']:9.2f}{theirs['gb']:7.2f}{apart:10.0e}{times:12.1f}")


def report_whole(n_leads: int) -> float:
    """Print one line of the second table; give the CPU seconds."""
    found = run([sys.executable, __file__, "--one", "whole", str(n_leads)])
    kept = "all limits kept" if found["kept"] else "A LIMIT IS BROKEN"
    print(
        f"whole contacts, {n_leads:>10,} leads x {N_OFFERS}, 10 limits: {found['cpu']:7.2f} CPU s, {found['gb']:.2f} GB, "
        f"gap {found['gap']:.1e}, {found['contacts']:,} contacts, {kept}"
    )
    return float(found["cpu"])


def report_allocate(n_leads: int) -> None:
    """Print one line of the last table."""
    found = run([sys.executable, __file__, "--one", "allocate", str(n_leads)])
    kept = "all limits kept" if found["kept"] else "A LIMIT IS BROKEN"
    print(
        f"allocate(),     {n_leads:>10,} leads x {N_OFFERS}, 10 limits, confidence .95: {found['cpu']:7.2f} CPU s, "
        f"{found['gb']:.2f} GB ({found['table']:.2f} the option table), gap {found['gap']:.1e}, "
        f"{found['contacts']:,} contacts, {kept}"
    )


def run(command: Sequence[str]) -> dict[str, Any]:
    """Run one measurement; give its figures and the peak memory of its process and those it started, in GB."""
    done = subprocess.run(
        ["/usr/bin/env", "OMP_NUM_THREADS=1", sys.executable, "-c", MEMORY, *command],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr[-2_000:])
    *_, line, memory = done.stdout.strip().splitlines()
    return json.loads(line) | {"gb": int(memory) / 1e6}


# Run a command and print the peak memory of the largest process under it, in kB.
MEMORY = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], check=False).returncode; "
    "sys.stdout.flush(); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


def measure_shares(n_columns: int) -> dict[str, float]:
    """Solve the first problem with shares of contacts, then in whole contacts."""
    from acquire.allocate.leads import solve_shares
    from acquire.allocate.tangents import Tangents
    from acquire.allocate.whole import holds, solve_contacts

    market = make_market(n_columns // 4, 4, SEED)
    limits = list_limits(market.n_people, float(market.spend.mean()))
    started = time.process_time()
    problem, tangents = as_problem(market, limits), Tangents()
    relaxed = solve_shares(problem, tangents, SEED)
    cpu = time.process_time() - started
    x = solve_contacts(problem, tangents, relaxed)
    whole = time.process_time() - started
    if x is None or not holds(problem, x) or relaxed.broken:
        raise SystemExit("a limit is broken")
    gain = float(problem.gain @ x)
    return {
        "cpu": cpu,
        "gain": relaxed.objective,
        "gap": abs(relaxed.bound - relaxed.objective) / relaxed.bound,
        "whole": whole,
        "whole_gap": (relaxed.bound - gain) / relaxed.bound,
    }


def measure_whole(n_leads: int) -> dict[str, float]:
    """Solve the second problem in whole contacts, in one part or in parts on disk."""
    from acquire.allocate.bundle import solve_leads

    with tempfile.TemporaryDirectory() as folder:
        if n_leads > PART:
            parts: Sequence[Any] = Parts(Path(folder), n_leads)
        else:
            market = make_market(n_leads, N_OFFERS, SEED)
            parts = [as_problem(market, list_limits(n_leads, float(market.spend.mean()))[:10])]
        started = time.process_time()
        plan = solve_leads(parts)
        cpu = time.process_time() - started
    if plan is None:
        raise SystemExit("no plan was found")
    contacts = sum(int((column >= 0).sum()) for column in plan.columns)
    return {"cpu": cpu, "gap": plan.gap, "kept": plan.keeps_limits, "contacts": contacts}


def measure_allocate(n_leads: int) -> dict[str, float]:
    """Solve the second problem as a plan does: limits with a confidence, whole contacts, the limits explained."""
    from acquire.allocate.solve import allocate
    from acquire.domain import Channel, Limits, Objective

    market = make_market(n_leads, N_OFFERS, SEED, np.float32)
    options = as_options(market, SEED)
    everything = float(market.spend.mean(dtype=np.float64)) * n_leads
    limits = Limits(
        budget=0.25 * everything,
        max_contacts=0.3 * n_leads,
        max_bad_rate=0.085,
        bad_rate_confidence=0.95,
        max_cac=17.0,
        max_incremental_cac=35.0,
        max_channel_share={"c2": 0.12},
        min_group_share={"young": 0.33},
    )
    own: dict[str, dict[str, float]] = {
        "c0": {"max_spend": 0.03 * everything},
        "c1": {"max_contacts": 0.03 * n_leads},
        "c3": {"max_bad_rate": 0.07},
    }
    channels = tuple(Channel(channel=name, partner=name, **own.get(name, {})) for name in options.channel_names)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    plan = allocate(options, limits, channels, Objective(maximise="incremental_value"), seed=SEED)
    cpu = time.process_time() - started
    at_least = {"min_group_share[young]"}
    over = [(u.allowed - u.used if u.name in at_least else u.used - u.allowed) / u.allowed for u in plan.limit_uses]
    kept = all(excess <= 1e-9 for excess in over if not np.isnan(excess))
    return {
        "cpu": cpu,
        "gap": plan.certificate.gap,
        "kept": kept,
        "contacts": len(plan.chosen),
        "table": before / 1e6,
    }


class Parts(Sequence[Any]):
    """A market on disk, of which one part at a time is in memory."""

    def __init__(self, folder: Path, n_leads: int) -> None:
        self._folder, self._n = folder, n_leads // PART
        spend = []
        for part in range(self._n):
            market = make_market(PART, N_OFFERS, SEED + part, np.float32)
            spend.append(float(market.spend.mean(dtype=np.float64)))
            for name in FIGURES:
                np.save(folder / f"{name}_{part}.npy", getattr(market, name))
        self._limits = list_limits(n_leads, float(np.mean(spend)))[:10]
        self._people: Any = None

    def __len__(self) -> int:
        return self._n

    @overload
    def __getitem__(self, part: int) -> Any: ...
    @overload
    def __getitem__(self, part: slice) -> Any: ...
    def __getitem__(self, part: int | slice) -> Any:
        if isinstance(part, slice) or not 0 <= part < self._n:
            raise IndexError(part)
        arrays = {name: np.load(self._folder / f"{name}_{part}.npy") for name in FIGURES}
        problem = as_problem(Market(n_people=PART, n_offers=N_OFFERS, **arrays), self._limits, self._people)
        self._people = problem.people  # the same in every part
        return problem


def install_ortools(folder: Path) -> str | None:
    """Make an environment with OR-Tools, which cannot share a process with highspy; it never becomes a dependency."""
    python = folder / "environment" / "bin" / "python"
    uv = [sys.executable, "-m", "uv"] if find_spec("uv") else [shutil.which("uv") or "false"]
    commands = [
        [*uv, "venv", "--quiet", "--python", sys.executable, str(folder / "environment")],
        [*uv, "pip", "install", "--quiet", "-p", str(python), "ortools", "pandas", "numpy"],
    ]
    for command in commands:
        if subprocess.run(command, capture_output=True, check=False).returncode:
            print("OR-Tools is left out: it could not be installed; name an interpreter: --ortools-python PYTHON")
            return None
    return str(python)


def draw(growth: dict[int, float]) -> str:
    """CPU seconds over leads, both on scales of powers of ten."""
    width, height, left, bottom = 640, 360, 70, 50
    x = {n: left + (np.log10(n) - 3) / 4 * (width - left - 20) for n in growth}
    y = {s: height - bottom - (np.log10(s) + 2) / 4 * (height - bottom - 20) for s in (0.01, 0.1, 1.0, 10.0, 100.0)}
    points = [(x[n], height - bottom - (np.log10(s) + 2) / 4 * (height - bottom - 20)) for n, s in growth.items()]
    lines = [f'<line x1="{left}" x2="{width - 20}" y1="{h:.0f}" y2="{h:.0f}" stroke="#ddd"/>' for h in y.values()]
    texts = [f'<text x="{left - 8}" y="{h + 4:.0f}" text-anchor="end">{s:g}</text>' for s, h in y.items()]
    texts += [f'<text x="{at:.0f}" y="{height - 28}" text-anchor="middle">{n:,}</text>' for n, at in x.items()]
    dots = [f'<circle cx="{a:.0f}" cy="{b:.0f}" r="4" fill="#1f6feb"/>' for a, b in points]
    path = " ".join(f"{a:.0f},{b:.0f}" for a, b in points)
    title = f"CPU seconds of a plan in whole contacts, by number of leads ({N_OFFERS} options each, 10 limits)"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
            f'<rect width="{width}" height="{height}" fill="white"/>',
            *lines,
            *texts,
            f'<polyline points="{path}" fill="none" stroke="#1f6feb" stroke-width="2"/>',
            *dots,
            f'<text x="{width / 2:.0f}" y="{height - 8}" text-anchor="middle">{title}</text>',
            "</svg>",
            "",
        ]
    )


if __name__ == "__main__":
    main()

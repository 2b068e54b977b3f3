"""Score a CSV of leads with scorecard.json. Needs Python 3.9 or later and nothing else: no library, no Acquire.

    python3 score.py leads.csv > scores.csv

scorecard.json, reasons.json and columns.json lie beside this file. The result has the columns of scorecard.sql: points (of
each variable too) and p_bad, the chance to go bad given that the lead books, for the average offer and for each one. Then the
reasons: the variables that lose most points against their best bin, the points lost, and the same in words.

    points    constant + the points of the lead's bin in every variable
    z         ln(odds bad) = (offset - points) / factor
    y         calibration(z) + trend of the channel + tilt * distance from the bookings whose outcome is known
    p_bad     1 / (1 + exp(-(y + shift of the offer)))

An empty cell is missing. Acquire copies this file as score.py into the folder that it hands over.
"""

from __future__ import annotations

import csv
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

MISSING_NUMBERS = {"", "na", "n/a", "nan", "none", "null"}
TRUTH = {"true": 1.0, "false": 0.0}
FARTHEST_DISTANCE, DAYS_PER_YEAR = 8.0, 365.25
N_REASONS = 4


def read_number(cell: str) -> float | None:
    """A number, or None where it is missing."""
    word = cell.strip().lower()
    if word in MISSING_NUMBERS:
        return None
    if "_" in word:  # Python alone takes 1_000 for a number
        raise ValueError(word)
    number = TRUTH[word] if word in TRUTH else float(word)
    return None if math.isnan(number) else number


def find_bin(bins: dict[str, Any], cell: str) -> int:
    """Number of the bin that a cell falls into; the last one is "missing"."""
    if bins["kind"] == "numeric":
        edges, special = bins["edges"], bins["special"]
        number = read_number(cell)
        if number is None:
            return len(edges) + len(special) + 1
        if number in special:
            return len(edges) + 1 + int(special.index(number))
        return sum(number > edge for edge in edges)
    levels = bins["levels"]
    worst = bins["scored_unseen"] == "worst"
    if cell in levels:
        return int(levels.index(cell))
    if cell == "" and cell not in bins["rare"]:
        return len(levels) + (2 if worst else 1)
    return len(levels) + (1 if worst and cell not in bins["rare"] else 0)


def reasons_of(card: dict[str, Any], reasons: dict[str, Any], lead: dict[str, str]) -> list[str]:
    """Variable, points lost and words of the largest losses; empty where nothing more is lost."""
    found = []
    for v in card["variables"]:
        at, known = find_bin(v["bins"], lead[v["name"]]), reasons[v["name"]]
        if known["words"][at] is not None:
            found.append((known["lost"][at], v["name"], known["words"][at]))
    found = sorted(found, key=lambda reason: -reason[0])[:N_REASONS]
    cells = [cell for lost, name, words in found for cell in (name, repr(lost), words)]
    return cells + [""] * (3 * N_REASONS - len(cells))


def points_of(card: dict[str, Any], lead: dict[str, str]) -> list[float]:
    """Points of each variable."""
    return [float(v["points"][find_bin(v["bins"], lead[v["name"]])]) for v in card["variables"]]


def total(card: dict[str, Any], points: list[float]) -> float:
    """The constant and the points, added one after the other as every other copy of the scorecard does."""
    added = float(card["constant"])
    for one in points:
        added += one
    return added


def log_odds(card: dict[str, Any], points: list[float]) -> float:
    """ln(odds) = (offset - total points) / factor."""
    return float((card["offset"] - total(card, points)) / card["factor"])


def calibrate(calibration: dict[str, Any], z: float) -> float:
    """Calibrated ln(odds bad)."""
    if calibration["knots"]:
        return through_knots(calibration["knots"], z)
    tail = math.log1p(math.exp(-abs(z)))
    ln_p, ln_rest = min(z, 0.0) - tail, min(-z, 0.0) - tail
    return float(calibration["shift"] + calibration["slope_low"] * ln_p - calibration["slope_high"] * ln_rest)


def through_knots(knots: list[list[float]], z: float) -> float:
    """Straight lines between the knots, with slope 1 beyond them."""
    if z <= knots[0][0]:
        return knots[0][1] + (z - knots[0][0])
    for (before, after), (next_before, next_after) in zip(knots, knots[1:]):  # noqa: B905, RUF007 - Python 3.9
        if z <= next_before:
            return after + (next_after - after) / (next_before - before) * (z - before)
    return knots[-1][1] + (z - knots[-1][0])


def trend(drift: dict[str, Any], channel: str) -> float:
    """Shift of ln(odds bad) of a channel on the day of the model; the last row is for channels history never saw.

    A trend for the better is not carried on.
    """
    at = drift["channels"].index(channel) if channel in drift["channels"] else -1
    return float(max(drift["slope"][at], 0.0) * (drift["plan_day"] - drift["middle"][at]) / DAYS_PER_YEAR)


def tilt(seen: dict[str, Any], lead: dict[str, str]) -> float:
    """Shift of ln(odds bad) by the distance from the bookings whose outcome is known."""
    if seen["card"] is None or not seen["tilt"]:
        return 0.0
    distance = log_odds(seen["card"], points_of(seen["card"], lead)) - seen["centre"]
    return float(seen["tilt"] * max(-FARTHEST_DISTANCE, min(FARTHEST_DISTANCE, distance)))


def chance(y: float) -> float:
    """1 / (1 + exp(-y))."""
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, y))))


def score(model: dict[str, Any], lead: dict[str, str]) -> list[float]:
    """Points, points of each variable, p_bad, p_bad of each offer."""
    card, offers = model["ranking"], model["offers"]
    points = points_of(card, lead)
    y = calibrate(model["calibration"], log_odds(card, points))
    if any(slope > 0 for slope in model["drift"]["slope"]):
        y += trend(model["drift"], lead["channel"])
    y += tilt(model["seen"], lead)
    by_offer = [chance(y + offers["shift"].get(offer, 0.0)) for offer in offers["sd"]]
    return [total(card, points), *points, chance(y), *by_offer]


def read_rows(file: TextIO, name: str, columns: dict[str, str]) -> Iterator[dict[str, str]]:
    """The cells of each row that the scorecard reads, by their names in it."""
    rows = csv.reader(file, strict=True)
    header = next(rows, [])
    for column in columns.values():
        if header.count(column) != 1:
            sys.exit(f"{name} {'lacks' if column not in header else 'has more than once'} the column {column}")
    places = {own: header.index(column) for own, column in columns.items()}
    for number, row in enumerate(filter(None, rows), 1):
        if len(row) != len(header):
            sys.exit(
                f"{name}: row {number} has {len(row)} cells, the header {len(header)}; quote cells that hold commas"
            )
        yield {own: row[place] for own, place in places.items()}


def score_file(path: Path, out: TextIO) -> None:
    """Score the CSV at `path` and write the scores."""
    here = Path(__file__).resolve().parent
    model, reasons, listed = (
        json.loads((here / f"{name}.json").read_text(encoding="utf-8")) for name in ("scorecard", "reasons", "columns")
    )
    columns = {column["name"]: column["column"] for column in listed if "scorecard" in column["read_by"]}
    table = csv.writer(out, lineterminator="\n")
    names = [f"points_{v['name']}" for v in model["ranking"]["variables"]]
    offers = [f"p_bad_{offer}" for offer in model["offers"]["sd"]]
    why = [f"{what}_{i}" for i in range(1, N_REASONS + 1) for what in ("reason", "lost", "words")]
    with path.open(encoding="utf-8-sig", newline="") as file:
        leads = read_rows(file, path.name, columns)
        table.writerow(["lead_id", "points", *names, "p_bad", *offers, *why])
        for number, lead in enumerate(leads, 1):
            try:
                figures = [repr(figure) for figure in score(model, lead)]
                figures += reasons_of(model["ranking"], reasons, lead)
            except ValueError:
                sys.exit(f"{path.name}: row {number} holds a text where the scorecard reads a number")
            table.writerow([lead["lead_id"], *figures])


def main() -> None:
    """Read the CSV named on the command line; scores go to standard output when every row is scored, or none does."""
    if len(sys.argv) != 2:
        sys.exit("usage: python3 score.py leads.csv > scores.csv")
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="") as scores:
        try:
            score_file(Path(sys.argv[1]), scores)
            scores.seek(0)
            with open(1, "w", encoding="utf-8", newline="", closefd=False) as out:
                shutil.copyfileobj(scores, out)
        except UnicodeDecodeError:
            sys.exit(f"{sys.argv[1]} is not UTF-8 text; save it as UTF-8")
        except csv.Error as error:
            sys.exit(f"{sys.argv[1]} is no CSV: {error}")
        except OSError as error:
            sys.exit(f"cannot read or write {error.filename or 'the scores'}: {error.strerror}")


if __name__ == "__main__":
    main()

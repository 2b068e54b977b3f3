"""What an experiment tells, in words and as a table for people."""

import math
from collections.abc import Callable, Iterator

from acquire.domain import Estimate
from acquire.uplift.holdout_bads import LEAST_MATURED
from acquire.uplift.reading import LineReading
from acquire.uplift.sample_ratio import ALL
from campaigns import report_words as words
from campaigns.experiment_reading import ExperimentReading
from campaigns.text_tables import aligned as aligned  # noqa: PLC0414 - asked of the words of experiments

NOT_YET_KNOWN = "not yet known"
_MOST_TIMES = 100


def reading_lines(read: ExperimentReading) -> Iterator[str]:
    """Give the reading line by line: what was read, whether it may be believed, the figures, the verdict last."""
    count = read.count
    yield f"{', '.join(read.folders)}, read on {read.on}: contacts against those whom the lot kept back"
    yield f"{count.read:,} rows of outcomes read, {count.accepted:,} accepted, {count.quarantined:,} set aside"
    if read.strangers:
        yield f"{read.strangers:,} rows are of leads that the lot did not draw, and are not used"
    yield from read.notes
    yield _ratio_sentence(read)
    yield from _delivery_sentences(read)
    yield from _before_sentences(read)
    yield ""
    yield from aligned(_table(read))
    yield ""
    yield from _bad_sentences(read)
    if read.is_spend_expected and not math.isnan(read.reading.total.spend):
        yield "Spend is what the plan expected: outcomes have no column cost."
    if read.looks > 1:
        yield f"Intervals are wide enough for {read.looks} looks: together they are wrong in 1 of 10 experiments at most."
    yield verdict(read)


def verdict(read: ExperimentReading) -> str:
    """Give the one sentence that counts."""
    total = read.reading.total
    early = "" if read.on >= read.readable_on else f" Too early: not all bookings count before {read.readable_on}."
    if not read.ratio.sound:
        return f"Do not believe these figures: something other than the lot has sorted the leads.{early}"
    extra = f"{words.say_count(total.extra.expected)} ({_between(total.extra, words.say_count)})"
    if not total.is_known:
        return (
            f"Not yet known whether contacts add bookings: {extra}, and 0 lies within.{_times_sentence(total)}{early}"
        )
    if total.difference.high < 0:
        return f"Contacts lose bookings: {extra}. Stop them, and look for the reason.{early}"
    return f"Contacts added bookings: {extra}.{_cost_sentence(read, total)}{early}"


def _table(read: ExperimentReading) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (
            "",
            "contacts",
            "controls",
            "booked",
            "of controls",
            "difference",
            "90 % interval",
            "extra",
            "CAC",
            "incremental CAC",
        )
    ]
    for line in read.reading.lines:
        cac = line.spend / line.booked if line.booked > 0 else math.nan
        rows.append(
            (
                line.name if line.what in {ALL, "channel"} else f"offer {line.name}",
                words.say_count(line.contacts),
                words.say_count(line.controls),
                _share(line.booked, line.contacts),
                _share(line.control_booked, line.controls),
                words.say_points(line.difference.expected),
                _between(line.difference, words.say_points),
                words.say_count(line.extra.expected),
                words.say_money(cac, read.currency),
                _say_cost(line, read.currency),
            )
        )
    return rows


def _say_cost(line: LineReading, currency: str) -> str:
    cost = line.incremental_cac
    if math.isnan(cost.expected):
        return NOT_YET_KNOWN if not line.is_known else words.NOT_KNOWN
    return f"{words.say_money(cost.expected, currency)} ({_between(cost, lambda x: words.say_money(x, currency))})"


def _cost_sentence(read: ExperimentReading, total: LineReading) -> str:
    if math.isnan(total.incremental_cac.expected):
        return ""
    cac = words.say_money(total.spend / total.booked, read.currency) if total.booked else words.NOT_KNOWN
    return f" Each cost {_say_cost(total, read.currency)}; the bill per booking is {cac}."


def _times_sentence(total: LineReading) -> str:
    if not total.times_more <= _MOST_TIMES:
        return ""
    return (
        f" If the effect is what it looks like, {total.times_more:.1f} times as many leads would show it 8 times in 10."
    )


def _ratio_sentence(read: ExperimentReading) -> str:
    ratio, total = read.ratio, read.ratio.lines[0]
    sizes = (
        f"{total.known_contacts:,} of {total.contacts:,} contacts and {total.known_controls:,} of {total.controls:,} controls "
        "have an outcome"
    )
    if ratio.sound:
        return f"Sample ratio: {sizes}; as the lot drew them (p = {ratio.p_value:.2g})"
    where = "" if ratio.worst.name == ALL else f", most of all in {ratio.worst.name}"
    return f"Sample ratio: {sizes}; not as the lot drew them (p = {ratio.p_value:.1g}){where}"


def _delivery_sentences(read: ExperimentReading) -> Iterator[str]:
    found = read.contamination
    if not (math.isnan(found.reached_contacts) or math.isnan(found.reached_controls)):
        yield (
            f"Delivery: {words.say_percent(found.reached_contacts)} of contacts and {words.say_percent(found.reached_controls)} "
            f"of controls were contacted; a contact that arrives adds {words.say_points(read.per_reached.expected)} "
            f"({_between(read.per_reached, words.say_points)})"
        )
    for crossing in found.crossings[:5]:
        yield f"Contamination: {crossing.leads:,} controls of {crossing.control_of} were contacted in {crossing.contacted_in}"
    if found.people_in_both:
        yield f"Contamination: {found.people_in_both:,} people are a control in one row and a contact in another"


def _before_sentences(read: ExperimentReading) -> Iterator[str]:
    if read.before:
        saved = words.say_percent(read.reading.total.variance_saved)
        yield f"Known beforehand: {', '.join(read.before)}; this took {saved} of the variance away"


def _bad_sentences(read: ExperimentReading) -> Iterator[str]:
    bad = read.reading.total.bad
    if bad is None:
        return
    seen = f"{words.say_percent(bad.bad_rate)} of contacts' bookings, {words.say_percent(bad.control_bad_rate)} of controls'"
    if bad.matured < LEAST_MATURED:
        final = f"{words.say_percent(bad.matured)} of the bookings of one side"
        yield f"Bad so far: {seen}. Only {final} have a final label, so what contacts added is not yet known."
        return
    extra = f"{words.say_count(bad.extra_bad.expected)} ({_between(bad.extra_bad, words.say_count)})"
    yield f"Bad: {seen}. Extra bad bookings: {extra}; bad rate of the extra: {_say_bad_rate(bad.incremental_bad_rate)}."


def _say_bad_rate(rate: Estimate) -> str:
    if math.isnan(rate.expected):
        return NOT_YET_KNOWN
    return f"{words.say_percent(rate.expected)} ({_between(rate, words.say_percent)})"


def _between(figure: Estimate, say: Callable[[float], str]) -> str:
    if math.isnan(figure.low):
        return words.NOT_KNOWN
    return f"{say(figure.low)} to {say(figure.high)}"


def _share(part: float, whole: int) -> str:
    return words.say_percent(part / whole, 2) if whole else words.NOT_KNOWN

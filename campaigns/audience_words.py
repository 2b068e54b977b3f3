"""What `acquire audience` prints: what was found, how alike it is, what it brings, and what nobody can know from it."""

import json
from dataclasses import asdict, fields

from acquire.domain import Estimate
from acquire.uplift.audience import LikenessQuality
from acquire.uplift.audience_value import LIKENESS, RANDOM, AudienceValue
from campaigns.audiences import Audience, ExtraAccounts
from campaigns.json_values import plain

_MOST_TRAITS = 5
_NEARLY_APART = 0.95


def report(audience: Audience) -> str:
    """Give the report as lines to print; the first says what to believe."""
    lines = [
        _verdict(audience),
        "",
        *_likeness_lines(audience),
        "",
        *([] if audience.extra is None else [*_extra_lines(audience.extra, audience.quality.size), ""]),
        *(f"- {note}" for note in (*_cautions(audience), *audience.notes)),
    ]
    return "\n".join(lines)


def json_of(audience: Audience) -> str:
    """Give the report as JSON; undefined figures are null. The audience itself is in the file of --out."""
    facts = {field.name: getattr(audience, field.name) for field in fields(audience) if field.name != "rows"}
    told = {**facts, "quality": asdict(audience.quality), "extra": audience.extra and asdict(audience.extra)}
    return json.dumps(plain(told), ensure_ascii=False, indent=1)


def _verdict(audience: Audience) -> str:
    if not audience.quality.tells_alike:
        return "No evidence that anything tells the seeds from the leads: this audience is as good as any."
    if audience.extra is None:
        return (
            "The audience holds more of the same; whether it brings extra accounts is not yet known: "
            "name a plan file with --plan."
        )
    return f"The audience holds more of the same. {_extra_verdict(audience.extra, audience.ranking)}"


def _extra_verdict(extra: ExtraAccounts, ranking: str) -> str:
    chosen, alike = extra.of(ranking), extra.of(LIKENESS)
    if chosen.over_random.low > 0:
        said = "On history it brings more extra accounts than as many leads chosen at random"
    elif chosen.over_random.high < 0:
        said = "On history it brings fewer extra accounts than as many leads chosen at random"
    else:
        said = "Whether it brings more extra accounts than as many leads chosen at random is not yet known"
    if ranking == LIKENESS or chosen.over_likeness.low <= 0:
        return f"{said}."
    gap, alone = _signed(chosen.over_likeness), _plain(alike.extra)
    return f"{said}, and more than the most alike ({gap} per 1,000 contacts; those bring {alone})."


def _likeness_lines(audience: Audience) -> list[str]:
    quality = audience.quality
    lines = [
        f"Chosen by likeness alone: {quality.size:,} of {quality.n_leads:,} leads, judged by {quality.n_seeds:,} seeds that the "
        "models did not see (90 % intervals)",
        f"  AUC, seeds against leads            {_rate(quality.seed_auc)}",
        f"  members reached (recall)            {_percent(quality.recall)}",
        f"  times as many as at random (lift)   {_rate(quality.lift)}",
    ]
    return [*lines, *_precision_lines(quality)]


def _precision_lines(quality: LikenessQuality) -> list[str]:
    if quality.auc is None or quality.precision is None or quality.share is None:
        return [
            f"  members in the audience (precision) at most {100 * quality.precision_ceiling:.0f} %, as at most "
            f"{100 * quality.share_ceiling:.0f} % of the leads belong; say how many do with --share"
        ]
    found = quality.precision
    return [
        f"  AUC, members against the others     {_rate(quality.auc)}",
        f"  members in the audience (precision) {_percent(found)}; asking all of them would find "
        f"{100 * found.predictive_low:.1f} to {100 * found.predictive_high:.1f} %",
    ]


def _extra_lines(extra: ExtraAccounts, size: int) -> list[str]:
    known = ", ".join(extra.evidence) or "none"
    return [
        f"What history says the top {size:,} bring, per 1,000 contacts with each one's best offer ({extra.n_history:,} rows; "
        f"{extra.how}; leads differ in how they react to: {known})",
        f"  {'chosen by':16}{'likeness':>9}  {'extra accounts':26}{'more than at random':26}verdict",
        *(_value_line(value) for value in extra.values),
    ]


def _value_line(value: AudienceValue) -> str:
    gap = "" if value.ranking == RANDOM else _signed(value.over_random)
    return (
        f"  {value.ranking:16}{value.likeness:9.2f}  {_plain(value.extra):26}{gap:26}"
        f"{'' if value.ranking == RANDOM else _known(value.over_random)}"
    ).rstrip()


def _known(gap: Estimate) -> str:
    return "more" if gap.low > 0 else "fewer" if gap.high < 0 else "not yet known"


def _cautions(audience: Audience) -> list[str]:
    strongest = ", ".join(f"{name} {100 * share:.0f} %" for name, share in audience.traits[:_MOST_TRAITS])
    cautions = [f"what tells the seeds apart (share of what the models gained): {strongest}"] if strongest else []
    if audience.against == "leads" and audience.quality.seed_auc.expected > _NEARLY_APART:
        cautions.append(
            f"seeds and leads differ almost wholly, most of all in {audience.traits[0][0]}: it may be recorded in another way in "
            "the two tables; leave it out with --exclude, or give the whole base with --flag"
        )
    if audience.against == "leads":
        cautions.append(
            "the seeds were held against the leads, so what tells customers from leads counts as likeness too; with the whole "
            "base and --flag it does not"
        )
    else:
        worth, n = audience.quality.n_effective, audience.quality.n_seeds
        cautions.append(
            f"the seeds are weighted so that the base looks like the leads; they then tell as much as {worth:,.0f} of {n:,} would"
        )
    return [*cautions, "likeness 2 means: twice as frequent among members as among the leads"]


def _rate(figure: Estimate) -> str:
    return f"{figure.expected:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def _percent(figure: Estimate) -> str:
    return f"{100 * figure.expected:.1f} % ({100 * figure.low:.1f} to {100 * figure.high:.1f} %)"


def _plain(figure: Estimate) -> str:
    return f"{figure.expected:.1f} ({figure.low:.1f} to {figure.high:.1f})"


def _signed(figure: Estimate) -> str:
    return f"{figure.expected:+.1f} ({figure.low:+.1f} to {figure.high:+.1f})"

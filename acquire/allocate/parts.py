"""The parts of a plan that limits speak of: everybody, or all contacts of one channel, partner or affiliate group."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from acquire.allocate.figures import Codes, Figure
from acquire.allocate.options import Floats, Ints, Options
from acquire.allocate.rows import Row
from acquire.domain import Channel, Limits, PartLimits, Shares
from acquire.errors import BadInput
from acquire.limits_of import KINDS

NOBODY = -2  # -1 already means "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """All contacts of one channel, partner or affiliate group, or of everybody.

    Attributes:
        options: The option table.
        whose: What stands in brackets behind a limit's key: "feed", "partner acme"; empty for everybody.
        among: Code of each option, or a flag, shape (n,); None = everybody.
        code: The code that is meant; with flags 1.
    """

    options: Options
    whose: str = ""
    among: Codes | None = None
    code: int = 1

    def name(self, key: str) -> str:
        """The name of a row of this part."""
        return f"{key}[{self.whose}]" if self.whose else key

    @property
    def members(self) -> Ints:
        """Positions of its options, shape (m,), ascending."""
        return np.arange(len(self.options)) if self.among is None else np.flatnonzero(self.among == self.code)

    def of(self, figure: Floats) -> Figure:
        """A column of the option table, 0 outside the part."""
        return Figure.of(figure, self.among, self.code)

    def contacts(self) -> Figure:
        """1 per option of the part."""
        return Figure.count(len(self.options), self.among, self.code)

    def known(self, figure: Floats, key: str, column: str) -> Figure:
        """The same as `of`, where every option of the part has the figure.

        Raises:
            BadInput: One has none; `column` says what the data lack.
        """
        own = figure if self.among is None else figure[self.among == self.code]
        n_unknown = int(np.isnan(own).sum())
        if n_unknown:
            how_many = "none" if n_unknown == len(own) else f"only {len(own) - n_unknown} of {len(own)}"
            raise BadInput(
                f"{self.name(key)} needs {column}, known for {how_many} of the options; add it to the data or drop {key}"
            )
        return self.of(figure)

    def row(
        self,
        key: str,
        unit: str,
        figure: Figure,
        allowed: float,
        *,
        base: Figure | None = None,
        at_least: bool = False,
    ) -> Row:
        """A named row over this part."""
        return Row(name=self.name(key), unit=unit, figure=figure, base=base, allowed=allowed, at_least=at_least)


def list_parts(options: Options, limits: Limits, channels: tuple[Channel, ...]) -> Iterator[tuple[Part, PartLimits]]:
    """Everybody first, then every channel, partner and affiliate group that has limits of its own.

    A channel may have some in the channels table and others in the plan file: of two for one thing the stricter counts.

    Raises:
        BadInput: The two places exclude each other.
    """
    yield Part(options=options), limits.whole
    for channel in channels:
        part = Part(
            options=options,
            whose=channel.channel,
            among=options.channel,
            code=code_of(options.channel_names, channel.channel),
        )
        yield part, _both(channel, limits.channel.get(channel.channel, PartLimits()))
    for kind, codes, names in (
        ("partner", options.partner, options.partner_names),
        ("affiliate", options.affiliate, options.affiliate_names),
    ):
        for name, own in getattr(limits, kind).items():
            part = Part(options=options, whose=f"{kind} {name}", among=codes, code=code_of(names, name))
            yield part, _spelled_out(own, [channel for channel in channels if name_of(channel, kind) == name])


def code_of(names: tuple[str, ...], name: str) -> int:
    """The code of a name; one that no option has where the table does not know the name."""
    return names.index(name) if name in names else NOBODY


def name_of(channel: Channel, kind: str) -> str | None:
    """The channel's own name, its partner's or its affiliate group's."""
    return {"channel": channel.channel, "partner": channel.partner, "affiliate": channel.affiliate_group or None}[kind]


def check_limits(limits: Limits, channels: tuple[Channel, ...]) -> None:
    """Raise BadInput where a limit names a channel, partner or affiliate group that does not exist, or not in its part."""
    for kind in KINDS:
        known = {name for channel in channels if (name := name_of(channel, kind))}
        check_names(f"limits.{kind}", getattr(limits, kind), known)
        check_names(f"max_{kind}_share", getattr(limits, f"max_{kind}_share"), known)
    for where, own in limits.named_parts():
        _, kind, name = where.split(".", 2)
        inside = [channel for channel in channels if name_of(channel, kind) == name]
        for other in KINDS:
            there = {named for channel in inside if (named := name_of(channel, other))}
            check_names(f"max_{other}_share of {where}", getattr(own, f"max_{other}_share"), there)
    check_names("locked_channels", limits.locked_channels, {channel.channel for channel in channels})
    check_names("max_change", limits.max_change, {channel.channel for channel in channels})


def check_names(key: str, named: Collection[str], known: Collection[str]) -> None:
    """Raise BadInput where a limit names what does not exist; "*" stands for all that are not named."""
    for name in named:
        if name != "*" and name not in known:
            raise BadInput(f"{key} names {name}, which does not exist; known are: {', '.join(sorted(known)) or 'none'}")


def _spelled_out(own: PartLimits, inside: Sequence[Channel]) -> PartLimits:
    """The limits of a part with the cap of all that are not named, "*", put to the names of those that the part has."""
    return replace(
        own,
        max_channel_share=_by_name(own.max_channel_share, inside, "channel"),
        max_partner_share=_by_name(own.max_partner_share, inside, "partner"),
        max_affiliate_share=_by_name(own.max_affiliate_share, inside, "affiliate"),
    )


def _by_name(shares: Shares, inside: Sequence[Channel], kind: str) -> Shares:
    names = dict.fromkeys(name for channel in inside if (name := name_of(channel, kind)))
    return {name: share for name in names if (share := shares.get(name, shares.get("*"))) is not None}


def _both(channel: Channel, own: PartLimits) -> PartLimits:
    """The limits of a channel from both places."""
    listed = PartLimits(
        max_contacts=channel.max_contacts,
        max_spend=channel.max_spend,
        min_spend=channel.min_spend,
        max_bad_rate=channel.max_bad_rate,
    )
    try:
        return listed.tighter(own)
    except BadInput as error:
        raise BadInput(f"channel {channel.channel}, channels table and plan file together: {error}") from None

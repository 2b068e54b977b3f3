"""Pages in Markdown: the templates that make them, with the filters of the page that asks."""

from collections.abc import Callable, Mapping
from typing import Any

import jinja2


def markdown_templates(filters: Mapping[str, Callable[..., Any]]) -> jinja2.Environment:
    """Templates of this package that write Markdown; a name that a template does not know is an error, not a gap.

    Args:
        filters: How figures are said, by the name that templates use; `cell` is there already: text on one line of a table.
    """
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("campaigns", "templates"),
        autoescape=False,  # noqa: S701 - Markdown, not HTML
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.filters |= {"cell": _cell, **filters}
    return templates


def _cell(text: object) -> str:
    return " ".join(str(text).split()).replace("|", "\\|")

"""Elements of HTML and SVG, written so that an XML parser reads them too. Values are always escaped."""

import html
from collections.abc import Iterable
from typing import NewType

Markup = NewType("Markup", str)
"""Text that is markup already: made by `text` and `element` alone."""

VOID = frozenset({"img", "meta", "path", "line", "rect", "circle", "hr", "br"})  # have no content


def text(value: str) -> Markup:
    """Return a text as markup; characters that cannot be in a page, such as controls, become a replacement sign."""
    return Markup(html.escape(_legible(value)))


def element(tag: str, /, *content: Markup, **attributes: object) -> Markup:
    """Return an element.

    Args:
        tag: name of the element.
        content: what is inside.
        attributes: a trailing underscore is dropped and others become hyphens, so that `class_` and
            `stroke_width` can be written. None leaves an attribute out.
    """
    pairs = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{text(_shown(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{pairs}/>")
    return Markup(f"<{tag}{pairs}>{join(content)}</{tag}>")


def join(parts: Iterable[Markup]) -> Markup:
    """Return pieces of markup as one."""
    return Markup("".join(parts))


def number(value: float) -> str:
    """Return a coordinate with at most one digit after the point."""
    shown = f"{value:.1f}".removesuffix(".0")
    return "0" if shown == "-0" else shown


def _shown(value: object) -> str:
    return number(value) if isinstance(value, float) else str(value)


def _legible(value: str) -> str:
    """Return a text without the characters that XML and HTML refuse, and without those that turn its direction."""
    return "".join(
        character if character.isprintable() or character in "\n\t" else "\ufffd" for character in value
    )

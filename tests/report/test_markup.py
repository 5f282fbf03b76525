"""Markup: everything is escaped, and numbers are short."""

import xml.etree.ElementTree as ET

import pytest

from vaecli.report.markup import element, number, text


@pytest.mark.parametrize(
    "value",
    ["<script>alert(1)</script>", "a\"b'c", "&amp;", "]]>", "\x00\x1b[31m", "\u202egnp", "\ud800"],
)
def test_any_text_is_safe(value):
    """A parser gives the text back, or replacement signs for what cannot be in a page; it opens no element."""
    parsed = ET.fromstring(element("p", text(value), title=value))
    assert len(parsed) == 0
    expected = "".join(character if character.isprintable() else "\ufffd" for character in value)
    assert parsed.text == parsed.get("title") == expected


def test_attributes():
    """Underscores become hyphens, None leaves an attribute out, and void elements close themselves."""
    assert element("line", stroke_width=2, class_="a", x=1.04, y=None) == (
        '<line stroke-width="2" class="a" x="1"/>'
    )


@pytest.mark.parametrize(("value", "shown"), [(0.0, "0"), (-0.01, "0"), (12.34, "12.3"), (12.0, "12")])
def test_coordinates(value, shown):
    """One digit after the point at most."""
    assert number(value) == shown

"""The report as Markdown. It cannot hold pictures: they are files in a folder beside it."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple
from urllib.parse import quote

from vaecli.pictures.png import encoded
from vaecli.report.charts.frame import standing_alone
from vaecli.report.content import (
    Block,
    Chart,
    Figures,
    Picture,
    Report,
    Section,
    Table,
    Text,
    Warned,
    warnings_title,
)

_SPECIAL = frozenset("\\`*_{}[]<>()#+!|~$&")
_BLOCK = re.compile(
    r"^(\d{0,9})((?<=\d)\.(?=\s|$)|(?<!\d)[-=](?=[\s=-]|$))"
)  # start of a list, a rule, a heading


class Markdown(NamedTuple):
    """A report as Markdown, and the content of the files in its folder, by name."""

    text: str
    files: dict[str, bytes]


def to_markdown(report: Report, folder: str) -> Markdown:
    """Return the report as Markdown whose pictures are in a folder of this name."""
    files: dict[str, bytes] = {}
    lines = [f"# {escaped(report.title)}", _paragraph(escaped(report.lead))]
    lines += [
        "\n".join(
            f"- {escaped(name)}: **{escaped(value)}** {escaped(more)}"
            for name, value, more in report.headline
        )
    ]
    lines += [*_warnings(report.warnings, report.checks)]
    for section in report.sections:
        lines += [*_section(section, folder, files)]
    if report.left_out:
        items = [f"- **{escaped(part.part)}**: {_prose(part.reason)}" for part in report.left_out]
        lines += ["## Left out", "\n".join(items)]
    return Markdown("\n\n".join(line for line in lines if line) + "\n", files)


def escaped(text: str) -> str:
    """Return a text on one line in which no character has a meaning for Markdown."""
    legible = (character if character.isprintable() else " " for character in text)
    return "".join(f"\\{character}" if character in _SPECIAL else character for character in legible)


def _prose(text: str) -> str:
    """Return a text on one line whose parts between backticks are code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escaped(text)
    return "".join(f"`{part}`" if place % 2 else escaped(part) for place, part in enumerate(parts))


def _paragraph(line: str) -> str:
    """Return a line of Markdown that begins neither a list, a rule, the underline of a heading, nor code."""
    line = line.strip()
    return _BLOCK.sub(r"\1\\\2", line, count=1)


def _warnings(warnings: Sequence[Warned], checks: Sequence[str]) -> Iterator[str]:
    yield f"## {warnings_title(warnings)}"
    for warned in warnings:
        yield f"### {escaped(warned.title)}"
        yield _paragraph(f"{_prose(warned.figure)} {_prose(warned.advice)}")
        if warned.options:
            yield f"To try: {', '.join(_code(option) for option in warned.options)}"
    if checks:
        yield escaped(f"Checked: {', '.join(checks)}.")


def _section(section: Section, folder: str, files: dict[str, bytes]) -> Iterator[str]:
    yield f"## {escaped(section.title)}"
    for block in section.blocks:
        yield from _block(block, folder, files)


def _block(block: Block, folder: str, files: dict[str, bytes]) -> Iterator[str]:
    if isinstance(block, Text):
        yield _paragraph(_prose(block.text))
    elif isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, Figures):
        for item in block.items:
            yield from _figure(item, folder, files)
    else:
        yield from _figure(block, folder, files)


def _figure(item: Chart | Picture, folder: str, files: dict[str, bytes]) -> Iterator[str]:
    if isinstance(item, Chart):
        name, content = f"{item.name}.svg", standing_alone(item.svg).encode("utf-8")
    else:
        name, content = f"{item.name}.png", encoded(item.pixels)
    files[name] = content
    yield f"![{escaped(item.alt)}]({quote(folder)}/{name})"
    if item.caption:
        yield _paragraph(_prose(item.caption))


def _table(table: Table) -> Iterator[str]:
    if table.caption:
        yield _paragraph(escaped(table.caption))
    head = [escaped(name) or " " for name, _ in table.columns]
    marks = ["---:" if align == "right" else "---" for _, align in table.columns]
    rows = [[escaped(cell) for cell in row] for row in table.rows]
    yield "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def _code(text: str) -> str:
    return f"`{text.replace('`', '')}`"

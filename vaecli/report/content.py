"""The content of a report, before it becomes HTML or Markdown. All texts are plain text."""

import dataclasses
from collections.abc import Sequence
from typing import Literal, TypeAlias

from vaecli.pixels import Pixels
from vaecli.report.markup import Markup

Align: TypeAlias = Literal["left", "right"]


@dataclasses.dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@dataclasses.dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
        columns: each header with its alignment.
        rows: cells as text; the first cell of a row names the row.
        caption: a sentence above the table.
    """

    columns: Sequence[tuple[str, Align]]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclasses.dataclass(frozen=True, eq=False)
class Picture:
    """A sheet of pictures.

    Attributes:
        name: of its file beside the Markdown, without suffix; unique in a report.
        pixels: (Y, X, C) uint8.
        alt: what it shows, for readers who do not see it.
        caption: a line below.
    """

    name: str
    pixels: Pixels
    alt: str
    caption: str


@dataclasses.dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        name: of its file beside the Markdown, without suffix; unique in a report.
        svg: the chart as an SVG element.
        alt: what it shows, with its main figures.
        caption: a line below.
    """

    name: str
    svg: Markup
    alt: str
    caption: str


@dataclasses.dataclass(frozen=True)
class Figures:
    """Charts and pictures that stand side by side where there is room."""

    items: Sequence[Chart | Picture]


Block: TypeAlias = Text | Table | Picture | Chart | Figures


@dataclasses.dataclass(frozen=True)
class Warned:
    """A warning.

    Attributes:
        title: the fault.
        figure: a sentence with the measured figure and what it should be.
        advice: a sentence on what to try.
        options: the options to try, as they are typed.
    """

    title: str
    figure: str
    advice: str
    options: Sequence[str] = ()


def warnings_title(warnings: Sequence[Warned]) -> str:
    """Return the heading of the warnings: their number."""
    if not warnings:
        return "No warnings"
    return "1 warning" if len(warnings) == 1 else f"{len(warnings)} warnings"


@dataclasses.dataclass(frozen=True)
class Section:
    """A part of a report under a heading; `name` is its anchor."""

    name: str
    title: str
    blocks: Sequence[Block]


@dataclasses.dataclass(frozen=True)
class LeftOut:
    """A part that a report does not have.

    Attributes:
        part: the part.
        reason: why, in a sentence.
        detail: the same in full, for the terminal alone: it may hold paths.
    """

    part: str
    reason: str
    detail: str = ""


@dataclasses.dataclass(frozen=True)
class Report:
    """A report.

    Attributes:
        title: name of the model.
        lead: what was measured, in a sentence.
        headline: the main figures: name, value with unit, meaning.
        warnings: faults that were found.
        checks: number of checks that were made.
        sections: in the order of reading.
        left_out: parts that are missing.
    """

    title: str
    lead: str
    headline: Sequence[tuple[str, str, str]]
    warnings: Sequence[Warned]
    checks: Sequence[str]
    sections: Sequence[Section]
    left_out: Sequence[LeftOut]

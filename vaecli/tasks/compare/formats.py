"""A comparison as CSV, Markdown and LaTeX, with the texts of users escaped."""

import csv
import io
import os
import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from vaecli import files
from vaecli.errors import OptionError
from vaecli.files import IfTaken
from vaecli.paths import shown, user_path
from vaecli.tasks.compare.result import Comparison, Difference, Value
from vaecli.tasks.compare.words import (
    NOTE,
    VerdictTable,
    conditions_lines,
    files_table,
    left_out_lines,
    settings_lines,
    settings_table,
    software_lines,
    values_table,
)

Format: TypeAlias = Literal["csv", "markdown", "latex"]
SUFFIXES: dict[str, Format] = {".csv": "csv", ".md": "markdown", ".tex": "latex"}
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "±": r"$\pm$",
} | {character: f"\\{character}" for character in "&%$#_{}"}
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|~$&])")


def as_text(comparison: Comparison, form: Format) -> str:
    """Return a comparison as the text of a file."""
    return {"csv": to_csv, "markdown": to_markdown, "latex": to_latex}[form](comparison)


def target_format(path: str | os.PathLike[str]) -> Format:
    """Return the format of the file `path`, by its suffix.

    Raises:
        OptionError: another suffix.
    """
    suffix = pathlib.Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise OptionError(f"--out must end in {', '.join(SUFFIXES)}, got {shown(path)}.", option="--out")
    return SUFFIXES[suffix]


def write(comparison: Comparison, path: str, form: Format, *, if_taken: IfTaken) -> pathlib.Path:
    """Write a comparison as a file, and return its path.

    Raises:
        OutputError: the file is taken, or cannot be written.
    """
    with files.replacing(user_path(path, option="--out"), if_taken=if_taken) as file:
        file.write(as_text(comparison, form).encode("utf-8", "backslashreplace"))
    return file.path


def to_csv(comparison: Comparison) -> str:
    """Return a line for each file and each side, numbers in full; the difference is that of the first metric.

    The last columns are what all values share, such as the images and the features with their hashes.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    columns = [column for name in comparison.metrics for column in (name, f"{name}_error")]
    ends = ("difference", "low", "high", "level", "p", "method", "verdict")
    conditions = {name: text for shared in comparison.conditions.values() for name, text in shared.items()}
    writer.writerow(["kind", "name", "side", "seed", "runs", *columns, *ends, *conditions])
    of_files = {each.label: each for each in comparison.of_files.differences}
    of_sides = {each.label: each for each in comparison.of_settings.differences}
    for row in comparison.files:
        seed = "" if row.seed is None else row.seed
        start = ["file", row.label, row.side, seed, 1]
        middle = [*_numbers(comparison, row.values), *_ends(of_files.get(row.label))]
        writer.writerow([*start, *middle, *conditions.values()])
    for side in comparison.sides:
        start = ["side", side.label, side.label, "", side.runs]
        middle = [*_numbers(comparison, side.values), *_ends(of_sides.get(side.label))]
        writer.writerow([*start, *middle, *conditions.values()])
    return buffer.getvalue()


def _numbers(comparison: Comparison, values: Mapping[str, Value]) -> list[str]:
    pairs = [(values[name].value, values[name].error) for name in comparison.metrics]
    return [_number(number) for pair in pairs for number in pair]


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _ends(difference: Difference | None) -> list[str]:
    if difference is None:
        return [""] * 7
    interval = difference.interval
    numbers = (interval.value, interval.low, interval.high, interval.level, interval.p)
    return [*map(_number, numbers), interval.method, difference.outcome]


def to_markdown(comparison: Comparison) -> str:
    """Return tables and sentences in GitHub's Markdown."""
    table = values_table(comparison)
    parts = [_markdown_table(table.headers, table.rows), markdown(NOTE)]
    for verdicts in (files_table(comparison), settings_table(comparison)):
        parts.append(f"**{markdown(verdicts.title)}**")
        parts += [_markdown_table(verdicts.headers, verdicts.rows)] if verdicts.rows else []
        parts += [markdown(reason) for reason in verdicts.reasons]
    parts += ["\n".join(f"- {markdown(line)}" for line in settings_lines(comparison))]
    parts += [markdown(line) for line in _closing_lines(comparison)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _markdown_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headers, ["---"] * len(headers), *([markdown(cell) for cell in row] for row in rows)]
    lines[0] = [markdown(cell) for cell in headers]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def markdown(text: str) -> str:
    """Return a text so that Markdown shows it as it is, on one line."""
    return _MARKDOWN.sub(r"\\\1", _one_line(text))


def to_latex(comparison: Comparison) -> str:
    """Return tables and sentences in LaTeX, which need no package."""
    table = values_table(comparison)
    parts = [_latex_table("lll" + "r" * len(comparison.metrics), table.headers, table.rows), latex(NOTE)]
    for verdicts in (files_table(comparison), settings_table(comparison)):
        parts += [r"\textbf{" + latex(verdicts.title) + "}", *_latex_verdicts(verdicts)]
    lines = [*settings_lines(comparison), *_closing_lines(comparison)]
    return "\n\n".join([*parts, *map(latex, lines)]) + "\n"


def _closing_lines(comparison: Comparison) -> list[str]:
    return [*software_lines(comparison), *conditions_lines(comparison), *left_out_lines(comparison)]


def _latex_verdicts(verdicts: VerdictTable) -> list[str]:
    tables = [_latex_table("lrrll", verdicts.headers, verdicts.rows)] if verdicts.rows else []
    return tables + [latex(reason) for reason in verdicts.reasons]


def _latex_table(columns: str, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Iterable[str]) -> str:
        return " & ".join(map(latex, cells)) + r" \\"

    body = [line(headers), r"\hline", *(line(row) for row in rows)]
    return "\n".join([r"\begin{tabular}{" + columns + "}", *body, r"\end{tabular}"])


def latex(text: str) -> str:
    """Return a text so that LaTeX shows it as it is, on one line; a minus sign before a number is one of math.

    A bracket would be an argument of the line break before it.
    """
    escaped = "".join(_LATEX.get(character, character) for character in _one_line(text))
    escaped = re.sub(r"(?<![\w$-])([+-])(?=[0-9])", r"$\1$", escaped)
    return "{}" + escaped if escaped.startswith("[") else escaped


def _one_line(text: str) -> str:
    """Return a text without line breaks and other control characters."""
    return "".join(character if character.isprintable() else " " for character in text)

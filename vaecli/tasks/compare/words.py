"""A comparison in words and rounded numbers, for the terminal, Markdown and LaTeX."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from vaecli.checks import shown
from vaecli.metrics.comparing.conditions import direction, unit
from vaecli.metrics.comparing.intervals import LEVEL
from vaecli.rounding import decimals
from vaecli.tasks.compare.result import Comparison, Difference, Outcome, Value, Verdicts

OUTCOMES: dict[Outcome, str] = {
    "better": "better",
    "worse": "worse",
    "different": "different",
    "not shown": "no difference shown",
}
NAMING = 3  # columns of the table of values that name a row
GAP = 2  # characters between columns
NOTE = (
    "± is the standard error over images of a file, of metrics of samples that of one seed, and the standard "
    "deviation over runs of a mean."
)


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of texts: headers, and rows of as many cells; the first `NAMING` columns name a row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True)
class VerdictTable:
    """The verdicts of one kind.

    Attributes:
        question: which they answer.
        subject: the differences of what, and to what; empty without rows.
        headers: of the rows: name, difference, interval, verdict, test.
        rows: a verdict each.
        reasons: why there is no verdict on some.
    """

    question: str
    subject: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]

    @property
    def title(self) -> str:
        """Question and subject on one line."""
        return f"{self.question} {self.subject}".rstrip()


def values_tables(comparison: Comparison, width: int) -> list[Table]:
    """Return the table of values in parts that fit into lines of `width` characters, each with some of the metrics.

    Every part has the columns that name a row. A part of one metric may be wider: nothing is cut.
    """
    table = values_table(comparison)
    widths = [max(map(len, column)) for column in zip(table.headers, *table.rows, strict=True)]
    parts: list[list[int]] = []
    room = 0
    for place in range(NAMING, len(widths)):
        if not parts or widths[place] + GAP > room:
            parts.append(list(range(NAMING)))
            room = width - sum(widths[:NAMING]) - GAP * (NAMING - 1)
        parts[-1].append(place)
        room -= widths[place] + GAP
    return [
        Table(_picked(table.headers, places), tuple(_picked(row, places) for row in table.rows))
        for places in parts
    ]


def _picked(cells: Sequence[str], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(cells[place] for place in places)


def values_table(comparison: Comparison) -> Table:
    """Return the table of values: a row for each file, then one for each side of several runs."""
    headers = ("evaluation", "side", "seed", *comparison.metrics)
    rows = [
        (row.label, row.side, "" if row.seed is None else str(row.seed), *_cells(comparison, row.values))
        for row in comparison.files
    ]
    rows += [
        (f"mean of {row.runs} runs", row.label, "", *_cells(comparison, row.values))
        for row in comparison.sides
        if row.runs > 1
    ]
    return Table(headers, tuple(rows))


def _cells(comparison: Comparison, values: Mapping[str, Value]) -> list[str]:
    return [with_error(values[name]) for name in comparison.metrics]


def with_error(value: Value) -> str:
    """Return a value with what stands behind ±, which has two significant digits."""
    if value.error is None:
        return f"{value.value:.6g}"
    places = decimals(value.error)
    return f"{value.value:.{places}f} ± {value.error:.{places}f}"


def described(metric: str) -> str:
    """Return the name of a metric with its unit and its better direction."""
    better = direction(metric)
    details = ", ".join(part for part in (unit(metric), f"{better} is better" if better else "") if part)
    return f"{metric} ({details})" if details else metric


def files_table(comparison: Comparison) -> VerdictTable:
    """Return the verdicts on files."""
    metric = described(comparison.metrics[0])
    differences = comparison.of_files.differences
    subject = ""
    if differences:
        first = differences[0]
        subject = f"{metric}, each minus {first.baseline}, paired over {first.counts[0]:,} {first.over}"
    return _table("Do these files differ?", subject, comparison.of_files)


def settings_table(comparison: Comparison) -> VerdictTable:
    """Return the verdicts on settings."""
    subject = ""
    if comparison.of_settings.differences:
        subject = f"{described(comparison.metrics[0])}, mean of runs, each minus A"
    return _table("Do these settings differ?", subject, comparison.of_settings)


def _table(question: str, subject: str, verdicts: Verdicts) -> VerdictTable:
    rows = tuple(
        (each.label, *difference_cells(each), OUTCOMES[each.outcome], how(each))
        for each in verdicts.differences
    )
    level = f"{100 * LEVEL:g} %"
    if len(verdicts.differences) > 1:
        level += " (all together)"
    headers = ("", "difference", f"{level} interval", "verdict", "")
    return VerdictTable(question, subject, headers, rows, verdicts.reasons)


def difference_cells(difference: Difference) -> tuple[str, str]:
    """Return a difference and its interval."""
    interval = difference.interval
    places = decimals(interval.error)
    return f"{interval.value:+.{places}f}", f"[{interval.low:+.{places}f}, {interval.high:+.{places}f}]"


def how(difference: Difference) -> str:
    """Return by which test runs were compared; empty for files, whose title says it."""
    if difference.over != "runs":
        return ""
    count, baseline = difference.counts
    dof = f"{difference.interval.dof:.3g}"
    if difference.interval.method == "paired":
        return f"{count} pairs of one seed, t with {dof} degrees of freedom"
    return f"{count} and {baseline} runs of other seeds, Welch's t with {dof} degrees of freedom"


def settings_lines(comparison: Comparison) -> list[str]:
    """Return a line for each setting in which sides differ."""
    labels = [side.label for side in comparison.sides]
    return [
        f"{name}: "
        + ", ".join(f"{label} {_setting(name, value)}" for label, value in zip(labels, values, strict=True))
        for name, values in comparison.settings.items()
    ]


def _setting(name: str, value: Any) -> str:
    if value is None:
        return "none"
    if name.endswith("_sha256"):
        return f"{str(value)[:12]}..."
    return value if isinstance(value, str) and len(value) < 40 else shown(value)


def software_lines(comparison: Comparison) -> list[str]:
    """Return a line for each package whose version was not the same in all trainings."""
    return [
        f"The runs were trained with {package} {', '.join(versions)}: versions may be a part of a difference."
        for package, versions in comparison.software.items()
    ]


def left_out_lines(comparison: Comparison) -> list[str]:
    """Return a line for each reason to leave metrics out."""
    metrics: dict[str, list[str]] = {}
    for metric, reason in comparison.left_out.items():
        metrics.setdefault(reason, []).append(metric)
    return [f"Left out: {', '.join(names)}, because {reason}." for reason, names in metrics.items()]


def conditions_lines(comparison: Comparison) -> list[str]:
    """Return each condition that values share, once: a line for each set of metrics that share it.

    So the features of samples, with their hash, stand beside the metrics that were computed from them.
    """
    metrics: dict[str, list[str]] = {}  # a condition in words -> the metrics that share it
    for metric, shared in comparison.conditions.items():
        for name, text in shared.items():
            metrics.setdefault(f"{name}: {text}", []).append(metric)
    lines: dict[tuple[str, ...], list[str]] = {}
    for words, names in metrics.items():
        lines.setdefault(tuple(names), []).append(words)
    return [
        f"Shared by {'all' if len(names) == len(comparison.metrics) else ', '.join(names)}: {'; '.join(each)}."
        for names, each in lines.items()
    ]

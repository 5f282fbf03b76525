"""A comparison in words and rounded numbers, for the terminal, Markdown and LaTeX."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from vaecli.checks import shown
from vaecli.metrics.comparing.conditions import direction, unit
from vaecli.metrics.comparing.intervals import LEVEL
from vaecli.tasks.compare.result import Comparison, Difference, Outcome, Value, Verdicts

OUTCOMES: dict[Outcome, str] = {
    "better": "better",
    "worse": "worse",
    "different": "different",
    "not shown": "no difference shown",
}
MOST_DECIMALS = 6
NOTE = "± is the standard error over images of a file, and the standard deviation over runs of a mean."


@dataclasses.dataclass(frozen=True)
class Table:
    """A table of texts: headers, and rows of as many cells; the first two columns are texts, the others numbers."""

    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclasses.dataclass(frozen=True)
class VerdictTable:
    """The verdicts of one kind: a title, rows of name, difference, interval and verdict, and reasons for none."""

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    reasons: tuple[str, ...]


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


def decimals(error: float) -> int:
    """Return how many decimals show two significant digits of an error."""
    if not error or not math.isfinite(error):
        return 4
    return min(MOST_DECIMALS, max(0, 1 - math.floor(math.log10(error))))


def described(metric: str) -> str:
    """Return the name of a metric with its unit and its better direction."""
    better = direction(metric)
    details = ", ".join(part for part in (unit(metric), f"{better} is better" if better else "") if part)
    return f"{metric} ({details})" if details else metric


def files_table(comparison: Comparison) -> VerdictTable:
    """Return the verdicts on files."""
    metric = described(comparison.metrics[0])
    differences = comparison.of_files.differences
    title = "Do these files differ?"
    if differences:
        first = differences[0]
        title += f" {metric}, each minus {first.baseline}, paired over {first.counts[0]:,} {first.over}"
    return _table(title, comparison.of_files)


def settings_table(comparison: Comparison) -> VerdictTable:
    """Return the verdicts on settings."""
    title = "Do these settings differ?"
    if comparison.of_settings.differences:
        title += f" {described(comparison.metrics[0])}, mean of runs, each minus A"
    return _table(title, comparison.of_settings)


def _table(title: str, verdicts: Verdicts) -> VerdictTable:
    rows = tuple(
        (each.label, *difference_cells(each), OUTCOMES[each.outcome], how(each))
        for each in verdicts.differences
    )
    level = f"{100 * LEVEL:g} %"
    if len(verdicts.differences) > 1:
        level += " (all together)"
    return VerdictTable(title, ("", "difference", f"{level} interval", "verdict", ""), rows, verdicts.reasons)


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


def conditions_line(comparison: Comparison) -> str:
    """Return on one line what all values share."""
    return "; ".join(f"{name}: {text}" for name, text in comparison.conditions.items())

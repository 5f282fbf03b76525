"""The result of a comparison: one table, and two verdicts that are kept apart."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from vaecli.metrics.comparing.conditions import direction, unit
from vaecli.metrics.comparing.intervals import Interval

Outcome = Literal["better", "worse", "different", "not shown"]


@dataclasses.dataclass(frozen=True)
class Value:
    """A value of a metric and what may stand behind ±.

    Attributes:
        value: the value of a file, or the mean over the runs of a side.
        error: standard error over images of a file, of metrics of samples that of one seed; or standard deviation
            over runs; None if there is none.
    """

    value: float
    error: float | None


@dataclasses.dataclass(frozen=True)
class FileRow:
    """A saved evaluation in the table."""

    label: str
    side: str
    seed: int | None
    values: Mapping[str, Value]


@dataclasses.dataclass(frozen=True)
class SideRow:
    """A side in the table: means over its runs."""

    label: str
    runs: int
    seeds: tuple[int | None, ...]
    values: Mapping[str, Value]


@dataclasses.dataclass(frozen=True)
class Difference:
    """A verdict: the difference of a file or a side to the first one.

    Attributes:
        label: the file or the side.
        baseline: the first one.
        interval: the difference.
        counts: number of images or sample seeds, the pairs of a file; number of runs of each side.
        over: what was compared: `images`, `sample seeds` or `runs`.
        outcome: `better` or `worse` than the baseline, `different` for a metric without a better direction, or
            `not shown`, which is no proof that they are equal.
    """

    label: str
    baseline: str
    interval: Interval
    counts: tuple[int, ...]
    over: str
    outcome: Outcome


@dataclasses.dataclass(frozen=True)
class Verdicts:
    """The verdicts of one kind, and the reasons for those that there are not."""

    differences: tuple[Difference, ...]
    reasons: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A comparison of saved evaluations.

    Attributes:
        metrics: metrics of the table; the verdicts are about the first.
        conditions: what all values of a metric share: metric -> condition -> its words.
        left_out: metrics that usually stand in the table, and do not here -> the reason.
        files: rows of the table.
        sides: the same by settings.
        settings: in which sides differ: name -> the value of each side.
        software: packages whose version was not the same in all trainings -> the versions.
        of_files: do these files differ?
        of_settings: do these settings differ?
    """

    metrics: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str]]
    left_out: Mapping[str, str]
    files: tuple[FileRow, ...]
    sides: tuple[SideRow, ...]
    settings: Mapping[str, list[Any]]
    software: Mapping[str, list[str]]
    of_files: Verdicts
    of_settings: Verdicts

    def facts(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        metric = self.metrics[0]
        return {
            "metric": metric,
            "unit": unit(metric),
            "better": direction(metric) or None,
            "metrics": list(self.metrics),
            "conditions": {name: dict(shared) for name, shared in self.conditions.items()},
            "left_out": dict(self.left_out),
            "files": [_row_facts(row) for row in self.files],
            "sides": [_row_facts(row) for row in self.sides],
            "settings": {name: list(values) for name, values in self.settings.items()},
            "software": {name: list(versions) for name, versions in self.software.items()},
            "files_differ": _verdict_facts(self.of_files),
            "settings_differ": _verdict_facts(self.of_settings),
        }


def outcome(interval: Interval, metric: str) -> Outcome:
    """Return what an interval of value less baseline says."""
    if not interval.differs:
        return "not shown"
    better = direction(metric)
    if not better:
        return "different"
    return "better" if (interval.value > 0) == (better == "higher") else "worse"


def _row_facts(row: FileRow | SideRow) -> dict[str, Any]:
    values = {name: dataclasses.asdict(value) for name, value in row.values.items()}
    return dataclasses.asdict(row) | {"values": values}


def _verdict_facts(verdicts: Verdicts) -> dict[str, Any]:
    return {
        "differences": [dataclasses.asdict(each) for each in verdicts.differences],
        "reasons": list(verdicts.reasons),
    }

"""Sides of a comparison: groups of runs that differ in nothing but the seed."""

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from vaecli.checks import shown
from vaecli.commands import command
from vaecli.errors import DataError, OptionError
from vaecli.runs.layout import Run
from vaecli.tasks.compare.finding import Named

SEPARATOR = "vs"
FEWEST_RUNS = 3  # of a side
MOST = 1000  # evaluations
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LISTED = 4  # settings in a message


@dataclasses.dataclass(frozen=True, eq=False)
class Side:
    """Evaluations of runs with the same settings.

    Attributes:
        label: `A`, `B`, ...
        members: the evaluations.
    """

    label: str
    members: tuple[Named, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of all runs of the side."""
        return dict(self.members[0].evaluation.model.settings)

    @property
    def runs(self) -> tuple[Named, ...]:
        """The first evaluation of each run: of one seed, or of one model where the seed is not known."""
        runs: dict[int | str, Named] = {}
        for member in self.members:
            model = member.evaluation.model
            runs.setdefault(model.model_id if model.seed is None else model.seed, member)
        return tuple(runs.values())

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """Training seeds of the members."""
        return tuple(member.evaluation.model.seed for member in self.members)

    @property
    def obstacle(self) -> str:
        """Why the side says nothing about its settings; empty if it does."""
        known = [seed for seed in self.seeds if seed is not None]
        if len(known) < len(self.seeds):
            return f"The seed of a run of {self.label} is not known."
        if len(set(known)) < len(known):
            twice = next(seed for seed in known if known.count(seed) > 1)
            return f"{self.label} has seed {twice} twice, which is one run."
        if len(known) < FEWEST_RUNS:
            runs = "1 run" if len(known) == 1 else f"{len(known)} runs"
            return f"{self.label} has {runs}; at least {FEWEST_RUNS} are needed.{self._more(known)}"
        return ""

    def _more(self, seeds: Sequence[int]) -> str:
        """Return the command that trains a further run of the side, if one of them lies in its folder."""
        seed = next(number for number in range(len(seeds) + 1) if number not in seeds)
        for member in self.members:
            config = Run(member.path.parent).config
            if config.is_file():
                return f" Train more: {command('train', '--config', config, '--seed', seed)}"
        return ""


def split_words(words: Sequence[str]) -> list[list[str]]:
    """Divide what a user named at each `vs`.

    Raises:
        OptionError: fewer than two names, or none before or after a `vs`.
    """
    groups: list[list[str]] = [[]]
    for word in words:
        if word == SEPARATOR:
            groups.append([])
        else:
            groups[-1].append(word)
    count = sum(map(len, groups))
    if not 2 <= count <= MOST:
        raise OptionError(f"EVALUATIONS must name 2 to {MOST:,} evaluations, got {count:,}.")
    if not all(groups):
        raise OptionError("EVALUATIONS must name at least one evaluation on each side of vs.")
    return groups


def sides_of(groups: Sequence[Sequence[Named]]) -> tuple[Side, ...]:
    """Return the sides: the groups if there are several, else the settings among the evaluations, in their order.

    Raises:
        DataError: the runs of a group differ in more than the seed; an evaluation is named twice; too many sides.
    """
    _require_different(member for group in groups for member in group)
    if len(groups) > 1:
        for group in groups:
            _require_equal_settings(group)
    else:
        groups = _by_settings(groups[0])
    if len(groups) > len(LETTERS):
        raise DataError(f"There must be at most {len(LETTERS)} settings, got {len(groups)}.")
    return tuple(Side(letter, tuple(group)) for letter, group in zip(LETTERS, groups, strict=False))


def differing(sides: Iterable[Side]) -> dict[str, list[Any]]:
    """Return the settings in which sides differ: name -> the value of each side; None where it has none."""
    tables = [side.settings for side in sides]
    names = dict.fromkeys(name for table in tables for name in table)
    values = {name: [table.get(name) for table in tables] for name in names}
    return {name: row for name, row in values.items() if any(value != row[0] for value in row)}


def _by_settings(members: Sequence[Named]) -> list[list[Named]]:
    groups: list[list[Named]] = []
    for member in members:
        for group in groups:
            if group[0].evaluation.model.settings == member.evaluation.model.settings:
                group.append(member)
                break
        else:
            groups.append([member])
    return groups


def _require_equal_settings(group: Sequence[Named]) -> None:
    for member in group[1:]:
        names = differing((Side("", (group[0],)), Side("", (member,))))
        if names:
            listed = "; ".join(
                f"{name} {shown(first)} and {shown(second)}"
                for name, (first, second) in list(names.items())[:_LISTED]
            )
            raise DataError(
                f"The runs on a side of vs must differ in nothing but the seed; {group[0].label} and "
                f"{member.label} differ in {listed}.",
                hint="Put them on different sides.",
            )


def _require_different(members: Iterable[Named]) -> None:
    labels: dict[str, str] = {}
    for member in members:
        place = str(member.path.resolve())
        if place in labels:
            raise DataError(f"{labels[place]} and {member.label} are the same saved evaluation.")
        labels[place] = member.label

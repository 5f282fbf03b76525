"""`vaecli compare`: saved evaluations -> one table, and two verdicts that are kept apart.

*These files differ* is about images: two models were measured on the same images, and the differences of their
values are averaged. It holds for these weights alone. *These settings differ* is about training seeds: another seed
gives other weights, so that only several runs a side tell whether a setting is better.

With several comparisons to the first file or side, the level of each is raised (Bonferroni), so that a false
verdict among all of them has a probability of at most 5 %.
"""

import dataclasses
import statistics
from collections.abc import Callable, Sequence

from vaecli.errors import DataError
from vaecli.metrics.comparing.conditions import shared
from vaecli.metrics.comparing.intervals import LEVEL, paired, welch
from vaecli.tasks.compare.columns import columns
from vaecli.tasks.compare.finding import Named, find
from vaecli.tasks.compare.result import Comparison, Difference, FileRow, SideRow, Value, Verdicts, outcome
from vaecli.tasks.compare.sides import Side, differing, sides_of, split_words

SOFTWARE = ("vaecli", "tensorflow", "keras")
MOST_BYTES = 2**31  # of all evaluations


def compare(
    words: Sequence[str],
    *,
    metrics: Sequence[str] = (),
    across_priors: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Comparison:
    """Compare saved evaluations.

    Args:
        words: saved evaluations, or runs or model folders that hold one; `vs` between sides, which are otherwise
            made of those with the same settings.
        metrics: metrics of the table, the first that of the verdicts; if left out, `nll` or `elbo` and some more.
        across_priors: compare bounds under different priors, and samples from them.
        progress: called with the number of evaluations that are read, and of all.

    Raises:
        OptionError: fewer than two evaluations, or an unknown metric.
        DataError: an evaluation is missing or damaged, has no such metric or NaN of it, or was made under other
            conditions.
    """
    groups = _read(split_words(words), progress)
    if across_priors:
        groups = [[_with_prior(member) for member in group] for group in groups]
    members = [member for group in groups for member in group]
    sides = sides_of(groups)
    names, left_out = columns(members, metrics, across_priors=across_priors)
    evaluations = [member.evaluation for member in members]
    return Comparison(
        metrics=names,
        conditions={metric: shared(metric, evaluations, across_priors=across_priors) for metric in names},
        left_out=left_out,
        files=tuple(_file_row(member, side, names) for side in sides for member in side.members),
        sides=tuple(_side_row(side, names) for side in sides),
        settings=differing(sides),
        software=_software(members),
        of_files=_of_files(members, names[0]),
        of_settings=_of_settings(sides, names[0]),
    )


def _read(groups: Sequence[Sequence[str]], progress: Callable[[int, int], None]) -> list[list[Named]]:
    """Read all evaluations, which are in memory together.

    Raises:
        DataError: one cannot be read, or they are larger than MOST_BYTES together.
    """
    members: list[list[Named]] = []
    size, done, total = 0, 0, sum(map(len, groups))
    progress(done, total)
    for group in groups:
        members.append([])
        for word in group:
            members[-1].append(find(word))
            done += 1
            progress(done, total)
            size += members[-1][-1].path.stat().st_size
            if size > MOST_BYTES:
                raise DataError(
                    f"The evaluations must take at most {MOST_BYTES / 2**30:.0f} GiB together, got more.",
                    hint="Compare fewer, or save smaller ones: vaecli eval --metrics elbo --save FILE.npz",
                )
    return members


def _with_prior(member: Named) -> Named:
    """Add the prior to the label of an evaluation."""
    prior = member.evaluation.conditions.prior
    return dataclasses.replace(member, label=f"{member.label}, {'N(0, I)' if prior == 'normal' else prior}")


def _software(members: Sequence[Named]) -> dict[str, list[str]]:
    """Return the packages that train whose versions differ: name -> all versions."""
    versions = {
        package: sorted({member.evaluation.model.software.get(package, "unknown") for member in members})
        for package in SOFTWARE
    }
    return {package: each for package, each in versions.items() if len(each) > 1}


def _file_row(member: Named, side: Side, metrics: Sequence[str]) -> FileRow:
    measured = member.evaluation.values
    values = {metric: Value(float(measured[metric]), measured.get(f"{metric}_se")) for metric in metrics}
    return FileRow(member.label, side.label, member.evaluation.model.seed, values)


def _side_row(side: Side, metrics: Sequence[str]) -> SideRow:
    values = {}
    for metric in metrics:
        means = _means(side, metric)
        values[metric] = Value(statistics.fmean(means), statistics.stdev(means) if len(means) > 1 else None)
    return SideRow(side.label, len(side.runs), tuple(run.evaluation.model.seed for run in side.runs), values)


def _means(side: Side, metric: str) -> list[float]:
    """Return the value of a metric of each run of a side."""
    return [float(member.evaluation.values_of(metric).mean()) for member in side.runs]


def _of_files(members: Sequence[Named], metric: str) -> Verdicts:
    """Compare each file with the first, image by image."""
    baseline, *others = (member.evaluation.values_of(metric) for member in members)
    over = "images" if metric in members[0].evaluation.per_image else "sample seeds"
    if len(baseline) < 2:
        has_one = metric in members[0].evaluation.per_image
        reason = "one image tells no spread" if has_one else f"{metric} is no mean over images"
        return Verdicts((), (f"There is no verdict on files: {reason}.",))
    level = 1 - (1 - LEVEL) / len(others)
    differences = []
    for member, values in zip(members[1:], others, strict=True):
        interval = paired(values, baseline, level=level)
        verdict = outcome(interval, metric)
        differences.append(
            Difference(member.label, members[0].label, interval, (len(values),), over, verdict)
        )
    return Verdicts(tuple(differences), ())


def _of_settings(sides: Sequence[Side], metric: str) -> Verdicts:
    """Compare each side with the first, run by run."""
    if len(sides) < 2:
        return Verdicts(
            (), ("All runs have the same settings. To compare two groups of them, put vs between.",)
        )
    reasons = [side.obstacle for side in sides if side.obstacle]
    usable = [side for side in sides[1:] if not side.obstacle]
    if sides[0].obstacle or not usable:
        return Verdicts((), tuple(reasons))
    level = 1 - (1 - LEVEL) / len(usable)
    differences = tuple(_side_difference(side, sides[0], metric, level) for side in usable)
    return Verdicts(differences, tuple(reasons))


def _side_difference(side: Side, baseline: Side, metric: str, level: float) -> Difference:
    """Compare two sides: paired by seed if they have the same seeds, else by Welch's test."""
    values, first = _means(side, metric), _means(baseline, metric)
    if set(side.seeds) == set(baseline.seeds):
        by_seed = dict(zip(side.seeds, values, strict=True))
        interval = paired([by_seed[seed] for seed in baseline.seeds], first, level=level)
    else:
        interval = welch(values, first, level=level)
    counts = (len(values), len(first))
    return Difference(side.label, baseline.label, interval, counts, "runs", outcome(interval, metric))

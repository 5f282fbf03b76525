"""The metrics in the table of a comparison: those that a user named, or the main one and some more."""

import difflib
from collections.abc import Sequence

import numpy as np

from vaecli.errors import DataError, OptionError
from vaecli.metrics.comparing.conditions import CONDITIONS, has_metric, mismatches
from vaecli.metrics.samples.table import COPIES
from vaecli.tasks.compare.finding import Named

FIRST = ("nll", "elbo")  # the metric of the verdicts unless the user names one: the first that all have
SHOWN = ("frechet", "frechet_reconstructions", "frechet_training", "copies", "nearest", "mse", "ssim", "kl")
MOST_SHOWN = 6  # metrics of the table, unless the user names more: the main one, and the first of SHOWN
OF_THE_MODEL = {"likelihood", "pixels"}  # conditions that no option of `eval` changes
LISTED = 5  # metrics in a hint


def columns(
    members: Sequence[Named], requested: Sequence[str], *, across_priors: bool
) -> tuple[tuple[str, ...], dict[str, str]]:
    """Return the metrics of the table, of which all members have finite values under the same conditions.

    The second value has those of SHOWN that are left out although an evaluation has them: metric -> the reason.

    Args:
        members: the evaluations.
        requested: the metrics that the user named; if there are none, the main one and the first of SHOWN.
        across_priors: whether the prior counts as a part of the model.

    Raises:
        OptionError: an unknown metric.
        DataError: a member has not a metric that is needed, NaN of it, or was measured under other conditions.
    """
    for name in requested:
        if name not in CONDITIONS:
            raise OptionError(
                f"--metrics must name metrics, got {name!r}.",
                option="--metrics",
                hint=_near(name),
            )
        for member in members:
            if not has_metric(member.evaluation, name):
                raise DataError(
                    f"{member.label} has no {name}.",
                    hint="Evaluate it again, with the options that it needs.",
                )
    common = [name for name in CONDITIONS if all(has_metric(member.evaluation, name) for member in members)]
    if not common:
        raise DataError("The evaluations have no metric in common.", hint="Evaluate with --metrics all.")

    main = next((name for name in FIRST if name in common), common[0])
    for name in requested or (main,):
        _require_comparable(members, name, common, across_priors=across_priors)
        _require_finite(members, name)
    more = (
        ()
        if requested
        else [name for name in SHOWN if any(has_metric(each.evaluation, name) for each in members)]
    )
    reasons = {name: _obstacle(members, name, across_priors=across_priors) for name in more}
    usable = [name for name, reason in reasons.items() if not reason]
    names = tuple(dict.fromkeys([*(requested or (main,)), *usable[: MOST_SHOWN - 1]]))
    return names, {name: reason for name, reason in reasons.items() if reason}


def _obstacle(members: Sequence[Named], metric: str, *, across_priors: bool) -> str:
    """Return why a metric cannot be compared; empty if it can."""
    for member in members:
        if not has_metric(member.evaluation, metric):
            return f"{member.label} has none"
        bad = _not_finite(member, metric)
        if bad:
            return f"{member.label} has NaN or infinity{_where(member, metric, bad)}"
    mismatch = _mismatch(members, metric, across_priors=across_priors)
    if mismatch is None:
        return ""
    member, pairs = mismatch
    return f"{members[0].label} and {member.label} differ in {_listed(pairs)}"


def _listed(pairs: dict[str, tuple[str, str]]) -> str:
    return "; ".join(f"{name}: {first} and {second}" for name, (first, second) in pairs.items())


def _near(name: str) -> str:
    """Return the hint to a metric that is not known: the nearest name, or the first ones."""
    near = difflib.get_close_matches(name, CONDITIONS, n=1)
    return (
        f"Did you mean {near[0]}?" if near else f"Choose from {', '.join([*CONDITIONS][:LISTED])} and others."
    )


def _mismatch(
    members: Sequence[Named], metric: str, *, across_priors: bool
) -> tuple[Named, dict[str, tuple[str, str]]] | None:
    """Return the first member under other conditions than the first of all, and these; None if there is none."""
    for member in members[1:]:
        pairs = mismatches(metric, members[0].evaluation, member.evaluation, across_priors=across_priors)
        if pairs:
            return member, pairs
    return None


def _require_comparable(
    members: Sequence[Named], metric: str, common: Sequence[str], *, across_priors: bool
) -> None:
    mismatch = _mismatch(members, metric, across_priors=across_priors)
    if mismatch is None:
        return
    member, pairs = mismatch
    possible = [name for name in common if not _mismatch(members, name, across_priors=across_priors)]
    hint = "Evaluate both with the same options"
    if "data" in pairs:
        hint = "Evaluate both on the same images"
    elif pairs.keys() & OF_THE_MODEL:
        hint = "Their models differ in that, so that such numbers never compare"
    hint += f", or compare --metrics {','.join(possible[:LISTED])}." if possible else "."
    if not across_priors and not _mismatch(members, metric, across_priors=True):
        hint += " If the prior counts as a part of the model: --across-priors."
    raise DataError(
        f"The {metric} of {members[0].label} and of {member.label} cannot be compared. They differ in "
        f"{_listed(pairs)}.",
        hint=hint,
    )


def _not_finite(member: Named, metric: str) -> int:
    """Return the number of values of a metric that are NaN or infinite."""
    return int((~np.isfinite(member.evaluation.values_of(metric))).sum())


def _require_finite(members: Sequence[Named], metric: str) -> None:
    for member in members:
        bad = _not_finite(member, metric)
        if bad:
            by_design = "The real images of its samples hold training images" if metric == COPIES else ""
            raise DataError(
                f"The {metric} of {member.label} must be finite, got NaN or infinity{_where(member, metric, bad)}.",
                hint=f"{by_design or 'Its training may have failed'}; compare other metrics with --metrics.",
            )


def _where(member: Named, metric: str, bad: int) -> str:
    """Return for how many images or sample seeds a metric has `bad` values; nothing for one value of a file."""
    if metric in member.evaluation.per_image:
        return f" for {bad:,} image{'s' * (bad > 1)}"
    count = len(member.evaluation.values_of(metric))
    return f" for {bad} of {count} sample seeds" if count > 1 else ""

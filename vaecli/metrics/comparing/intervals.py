"""Differences of means with confidence intervals by Student's t: paired, and for two samples of unequal variance.

Welch, B. L. (1947), The generalization of 'Student's' problem when several different population variances are
involved, Biometrika 34, 28-35.
"""

import dataclasses
import math
from typing import Literal

import numpy as np
import numpy.typing as npt

from vaecli.probability.student import quantile, two_sided

Method = Literal["paired", "welch"]
LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Interval:
    """A difference of two means and its confidence interval.

    Attributes:
        value: the difference.
        error: its standard error.
        dof: degrees of freedom.
        low: lower end of the interval.
        high: upper end of the interval.
        level: confidence level of the interval.
        p: probability of a difference at least as far from zero if the true one is zero; not corrected.
        method: `paired` or `welch`.
    """

    value: float
    error: float
    dof: float
    low: float
    high: float
    level: float
    p: float
    method: Method

    @property
    def differs(self) -> bool:
        """Whether zero lies outside the interval."""
        return self.low > 0 or self.high < 0


def paired(values: npt.ArrayLike, baseline: npt.ArrayLike, *, level: float = LEVEL) -> Interval:
    """Return the mean of values (N,) less baseline (N,), N at least 2, pair by pair."""
    differences = np.asarray(values, np.float64) - np.asarray(baseline, np.float64)
    count = len(differences)
    error = float(differences.std(ddof=1)) / math.sqrt(count)
    return _interval(float(differences.mean()), error, count - 1, level, "paired")


def welch(values: npt.ArrayLike, baseline: npt.ArrayLike, *, level: float = LEVEL) -> Interval:
    """Return the mean of values (N,) less that of baseline (M,), N and M at least 2, drawn independently.

    For equal counts, the degrees of freedom are those of Welch and Satterthwaite. For others they are the fewest
    that these can be, min(N, M) - 1: with the former, more than 5 % of the intervals of 3 against 8 values of one
    distribution leave out zero.
    """
    samples = [np.asarray(each, np.float64) for each in (values, baseline)]
    variances = [float(each.var(ddof=1)) / len(each) for each in samples]
    total = sum(variances)
    counts = [len(each) for each in samples]
    fewest = min(counts) - 1
    squares = sum(variance**2 for variance in variances)
    dof = fewest * total**2 / squares if squares and len(set(counts)) == 1 else float(fewest)
    difference = float(samples[0].mean() - samples[1].mean())
    return _interval(difference, math.sqrt(total), dof, level, "welch")


def _interval(value: float, error: float, dof: float, level: float, method: Method) -> Interval:
    half = quantile(level, dof) * error
    t = value / error if error else math.copysign(math.inf, value) if value else 0.0
    return Interval(value, error, dof, value - half, value + half, level, two_sided(t, dof), method)

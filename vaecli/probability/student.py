"""Student's t distribution, for intervals of means of few values. Standard library alone."""

import functools
import math

_STEPS, _TINY = 100_000, 1e-300
_MOST_NEWTON = 200


def two_sided(t: float, dof: float) -> float:
    """Return the probability that |T| is at least |t|, for T with `dof` degrees of freedom, any number above 0."""
    if math.isinf(t):
        return 0.0
    return _incomplete_beta(dof / 2, 0.5, dof / (dof + t * t))


@functools.lru_cache(maxsize=1024)
def quantile(level: float, dof: float) -> float:
    """Return the t such that |T| is below t with the probability `level`, from 0 to below 1.

    Newton's method from zero: the tail is a convex function of t, so that no step goes too far.
    """
    log_factor = math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2) - 0.5 * math.log(dof * math.pi)
    t = 0.0
    for _ in range(_MOST_NEWTON):
        density = math.exp(log_factor - (dof + 1) / 2 * math.log1p(t * t / dof))
        step = (two_sided(t, dof) - (1 - level)) / (2 * density)
        t += step
        if abs(step) <= 1e-12 * t:
            break
    return t


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), a continued fraction by Lentz's method."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    if x > (a + 1) / (a + b + 2):  # there the fraction of the mirror image converges faster
        return 1 - _incomplete_beta(b, a, 1 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c, d = 1.0, _inverse(1 - (a + b) * x / (a + 1))
    fraction = d
    for m in range(1, _STEPS):
        before = fraction
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = _inverse(1 + numerator * d)
            c = 1 + numerator / (c or _TINY)
            fraction *= c * d
        if abs(fraction - before) <= 1e-15 * abs(fraction):
            break
    return math.exp(log_front) * fraction / a


def _inverse(value: float) -> float:
    return 1 / (value or _TINY)

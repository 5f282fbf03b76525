"""Student's t distribution against closed forms, a table and integration."""

import math

import numpy as np
import pytest

from vaecli.probability.student import quantile, two_sided


@pytest.mark.parametrize("t", [0.0, 1e-9, 0.5, 1.0, 3.0, 40.0, 1e6])
def test_one_and_two_degrees_of_freedom_in_closed_form(t):
    """The Cauchy distribution, and t / sqrt(2 + t^2)."""
    assert two_sided(t, 1) == pytest.approx(math.atan2(1, t) * 2 / math.pi, rel=1e-9, abs=1e-15)
    tail = 2 / (
        math.sqrt(2 + t * t) * (math.sqrt(2 + t * t) + t)
    )  # 1 - t / sqrt(2 + t^2) without cancellation
    assert two_sided(t, 2) == pytest.approx(tail, rel=1e-9)
    assert two_sided(-t, 2) == two_sided(t, 2)


@pytest.mark.parametrize(
    ("dof", "t"),
    [
        (1, 12.706205),
        (2, 4.302653),
        (3, 3.182446),
        (4, 2.776445),
        (9, 2.262157),
        (30, 2.042272),
        (1e6, 1.959966),
    ],
)
def test_quantiles_of_a_table(dof, t):
    """Those of 95 %, two-sided, as printed in textbooks."""
    assert quantile(0.95, dof) == pytest.approx(t, abs=2e-6)


@pytest.mark.parametrize("dof", [1.3, 3.7, 11.2, 250.5])
def test_degrees_between_whole_numbers_by_integration(dof):
    """Welch's are seldom whole."""
    t = np.linspace(0, 1.7, 200_001)
    log_factor = math.lgamma((dof + 1) / 2) - math.lgamma(dof / 2) - 0.5 * math.log(dof * math.pi)
    density = np.exp(log_factor - (dof + 1) / 2 * np.log1p(t * t / dof))
    between = ((density[1:] + density[:-1]) / 2 * np.diff(t)).sum()  # np.trapezoid needs NumPy 2
    assert two_sided(1.7, dof) == pytest.approx(1 - 2 * between, abs=1e-9)


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.9995, 1 - 1e-9])
@pytest.mark.parametrize("dof", [1, 2, 2.5, 17, 9999])
def test_the_quantile_is_the_inverse(level, dof):
    """At any level and number of degrees."""
    assert two_sided(quantile(level, dof), dof) == pytest.approx(1 - level, rel=1e-5)

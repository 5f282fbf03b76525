"""The checks of a report: those that its figures allow, and the warnings that they give."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from vaecli.report import warnings
from vaecli.report.content import Warned
from vaecli.report.signs import Signs


class Check(NamedTuple):
    """A check: its name, whether it could be made, and the check."""

    name: str
    can: Callable[[Signs], bool]
    check: Callable[[Signs], warnings.Result]


CHECKS: Sequence[Check] = (
    Check("figures are numbers", lambda signs: signs.not_finite is not None, warnings.not_finite),
    Check("collapsed dimensions", lambda signs: signs.unused is not None, warnings.unused_dimensions),
    Check("constant pictures", lambda signs: signs.spread is not None, warnings.constant_pictures),
    Check(
        "distance of posterior and prior",
        lambda signs: signs.prior_distance is not None,
        warnings.prior_distance,
    ),
    Check("overfitting", lambda signs: signs.gap is not None or signs.rise is not None, warnings.overfitting),
    Check("dead units", lambda signs: bool(signs.dead), warnings.dead_units),
    Check("scale of the data", lambda signs: signs.levels is not None, warnings.wrong_scale),
    Check("likelihood and pixels", lambda signs: signs.levels is not None, warnings.binary_pixels),
    Check("samples and reconstructions", lambda signs: signs.sample_ratio is not None, warnings.poor_samples),
    Check("copies", lambda signs: signs.copies is not None, warnings.copied_images),
)


def warnings_of(signs: Signs) -> list[Warned]:
    """Return the warnings of all checks that can be made."""
    results = [check.check(signs) for check in CHECKS if check.can(signs)]
    return [result for result in results if result is not None]


def checks_made(signs: Signs) -> list[str]:
    """Return the names of the checks that the figures allow."""
    return [check.name for check in CHECKS if check.can(signs)]

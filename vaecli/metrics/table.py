"""The metrics, in the order of a report: meaning, unit, direction, and the computations that each needs."""

import difflib
from collections.abc import Collection
from typing import Literal, NamedTuple, TypeAlias

from vaecli import checks
from vaecli.errors import OptionError
from vaecli.probability.likelihoods import Likelihood

Need: TypeAlias = Literal["posterior", "samples", "importance", "mean", "normalised"]


class Metric(NamedTuple):
    """One metric.

    Attributes:
        meaning: description on one line, without the unit.
        unit: unit of the value; empty for a pure number.
        better: `higher` or `lower`, the better values; empty if neither is.
        needs: `posterior` encodes the images, `samples` decodes samples of the posterior, `importance` needs
            --importance-samples, `mean` decodes the posterior mean, `normalised` a likelihood of 8-bit pixels.
    """

    meaning: str
    unit: str
    better: Literal["higher", "lower", ""]
    needs: frozenset[Need]

    @property
    def line(self) -> str:
        """Meaning and direction on one line."""
        return f"{self.meaning}, {self.better} is better" if self.better else self.meaning


def _metric(meaning: str, unit: str, better: Literal["higher", "lower", ""], *needs: Need) -> Metric:
    return Metric(meaning, unit, better, frozenset(needs))


NATS = "nats"  # per image
METRICS: dict[str, Metric] = {
    "elbo": _metric("evidence lower bound with the prior", NATS, "higher", "samples"),
    "reconstruction": _metric(
        "negative log-likelihood, or cross-entropy, at a posterior sample", NATS, "lower", "samples"
    ),
    "kl": _metric("KL of the posterior to the prior", NATS, "", "posterior"),
    "kl_normal": _metric("KL of the posterior to N(0, I), closed form", NATS, "", "posterior"),
    "nll": _metric(
        "minus the importance-weighted bound, an upper bound of the negative log-likelihood, or of a cross-entropy",
        NATS,
        "lower",
        "samples",
        "importance",
    ),
    "bits_per_dim": _metric(
        "nll, or minus elbo without importance samples, per pixel and channel",
        "bits",
        "lower",
        "samples",
        "normalised",
    ),
    "mse": _metric("mean squared error at the posterior mean", "", "lower", "mean"),
    "psnr": _metric("peak signal-to-noise ratio at the posterior mean, at most 100", "dB", "higher", "mean"),
    "ssim": _metric("structural similarity at the posterior mean, at most 1", "", "higher", "mean"),
    "active_units": _metric(
        "latent dimensions whose posterior mean has a variance above 0.01", "", "", "posterior"
    ),
    "kl_dim": _metric("kl_normal of each dimension: kl_dim_0, kl_dim_1, ...", NATS, "", "posterior"),
}


def require_metrics(
    names: Collection[str], *, importance_samples: int, likelihood: Likelihood
) -> tuple[str, ...]:
    """Return the requested metrics in the order of a report; `all` means each that these arguments allow.

    Args:
        names: one name or several, of metrics, or `all`.
        importance_samples: K of the importance-weighted bound; 0 for none.
        likelihood: likelihood of the model.

    Raises:
        OptionError: no metric, an unknown one, one whose needs are not met, or fewer than 0 samples.
    """
    checks.integer(importance_samples, "--importance-samples", least=0)
    names = [names] if isinstance(names, str) or not isinstance(names, Collection) else names
    if not names:
        raise OptionError(
            "--metrics must name a metric, got none.", option="--metrics", hint="Try --metrics all."
        )
    for name in names:
        _require_known(name)
    missing: dict[Need, tuple[str, str]] = {}
    if not importance_samples:
        missing["importance"] = ("importance samples", "Add --importance-samples 100.")
    if not likelihood.normalised:
        missing["normalised"] = (
            "a likelihood of 8-bit pixels",
            f"This model has {likelihood.name}: {likelihood.note}.",
        )
    for name in names:
        for need in METRICS[name].needs & missing.keys() if name != "all" else ():
            what, hint = missing[need]
            raise OptionError(f"The metric {name} needs {what}.", option="--metrics", hint=hint)
    possible = [name for name, metric in METRICS.items() if not metric.needs & missing.keys()]
    return tuple(name for name in possible if name in names or "all" in names)


def _require_known(name: object) -> None:
    if isinstance(name, str) and (name in METRICS or name == "all"):
        return
    near = difflib.get_close_matches(str(name), [*METRICS, "all"], n=1)
    raise OptionError(
        f"--metrics must name metrics, got {checks.shown(name)}.",
        option="--metrics",
        hint=f"Did you mean {near[0]}?" if near else f"Choose from all, {', '.join(METRICS)}.",
    )

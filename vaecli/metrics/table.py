"""The metrics there are, in the order of a report."""

import difflib
from collections.abc import Collection

from vaecli.errors import OptionError

METRICS: dict[str, str] = {
    "elbo": "evidence lower bound, nats per image, negative, higher is better",
    "reconstruction": "cross-entropy of the pixels at a sample of the posterior, nats per image",
    "kl": "KL(q(z|x) || p(z)), nats per image",
    "nll": "minus the importance-weighted bound, nats per image; needs --importance-samples",
    "bits_per_dim": "nll, or minus elbo without importance samples, in bits per pixel and channel",
    "mse": "mean squared error of the reconstruction from the posterior mean, pixels in [0, 1]",
    "psnr": "peak signal-to-noise ratio of that reconstruction, dB, at most 100",
    "ssim": "structural similarity of that reconstruction, at most 1",
    "active_units": "latent dimensions whose posterior mean varies over images by more than 0.01",
    "kl_dim": "KL of each latent dimension, as kl_dim_0, kl_dim_1, ...; nats per image",
}


def require_metrics(names: Collection[str], *, importance_samples: int) -> tuple[str, ...]:
    """The metrics asked for, in the order of a report; `all` is all that the number of samples allows.

    Raises:
        OptionError: no name or an unknown one, fewer than 0 samples, or `nll` by name without samples.
    """
    if importance_samples < 0:
        raise OptionError(
            f"The number of importance samples has to be 0 or more; {importance_samples} came.",
            option="--importance-samples",
        )
    for name in names:
        if name not in METRICS and name != "all":
            near = difflib.get_close_matches(name, [*METRICS, "all"], n=1)
            raise OptionError(
                f"There is no metric {name!r}.",
                option="--metrics",
                hint=f"Did you mean {near[0]}?" if near else f"Choose of all, {', '.join(METRICS)}.",
            )
    if not names:
        raise OptionError("At least one metric is needed.", option="--metrics", hint="Try --metrics all.")
    if "nll" in names and not importance_samples:
        raise OptionError(
            "nll needs importance samples.", option="--metrics", hint="Add --importance-samples 100."
        )
    possible = [name for name in METRICS if name != "nll" or importance_samples]
    return tuple(name for name in possible if name in names or "all" in names)

"""The aggregated posterior of a model's images, as one Gaussian for each latent dimension.

Its quantiles are nearer to those of test images than quantiles of the few latents that a file holds.
"""

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from vaecli.latent.priors import Float64

REACH = NormalDist().inv_cdf(0.99)  # the outermost quantiles are 1 % and 99 %
_HALVINGS = 60


def posterior_variance(kl: Float64, z_mean: Float64, z_variance: Float64) -> Float64:
    """Estimate the mean posterior variance of each dimension from the mean KL, (D,).

    The KL of N(m, v) to N(0, 1) is (v + m^2 - 1 - log v) / 2. If v is the same for all images, the mean KL has one
    solution v in (0, 1]. If v differs, the solution is below its mean, because v - log v is convex.

    Args:
        kl: (D,) mean KL to N(0, 1), in nats.
        z_mean: (D,) mean of the posterior means.
        z_variance: (D,) variance of the posterior means.
    """
    goal = np.maximum(1.0, 1.0 + 2.0 * kl - z_variance - z_mean**2)
    low, high = -goal, np.zeros_like(goal)  # of log v; v - log v = goal falls with v
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        is_above = np.exp(middle) - middle > goal
        low, high = np.where(is_above, middle, low), np.where(is_above, high, middle)
    variance: Float64 = np.exp((low + high) / 2)
    return variance


def probabilities(steps: int) -> Float64:
    """Return the probabilities of `steps` quantiles, from 1 % to 99 %, equally spaced for a Gaussian: (steps,)."""
    return np.array([NormalDist().cdf(level) for level in _levels(steps)])


def quantiles(mean: Float64, deviation: Float64, steps: int) -> Float64:
    """Return the quantiles of `probabilities(steps)` of Gaussians with `mean` and `deviation` (D,): (D, steps)."""
    values: Float64 = mean[:, np.newaxis] + deviation[:, np.newaxis] * _levels(steps)
    return values


def along(centre: npt.ArrayLike, dimension: int, values: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Return copies of a latent (D,) in which one dimension has each of the values (S,): (S, D) float32."""
    numbers = np.asarray(values)
    latents = np.tile(np.asarray(centre, np.float32), (len(numbers), 1))
    latents[:, dimension] = numbers
    return latents


def plane(
    centre: npt.ArrayLike, dimensions: tuple[int, int], columns: npt.ArrayLike, rows: npt.ArrayLike
) -> npt.NDArray[np.float32]:
    """Return copies of a latent (D,) over a plane of two dimensions, row by row from the top left.

    Args:
        centre: (D,), the value of the other dimensions.
        dimensions: the dimension that grows to the right, and the one that grows upwards.
        columns: (X,) values of the first, increasing.
        rows: (Y,) values of the second, increasing.

    Returns:
        (Y * X, D) float32.
    """
    x, y = np.meshgrid(np.asarray(columns), np.asarray(rows)[::-1])
    latents = np.tile(np.asarray(centre, np.float32), (x.size, 1))
    latents[:, dimensions[0]], latents[:, dimensions[1]] = x.reshape(-1), y.reshape(-1)
    return latents


def sweep(start: float, low: float, high: float, count: int) -> Float64:
    """Return values that rise from `start` to `high`, fall to `low` and come back, at a constant speed: (count,).

    The value after the last is `start` again.
    """
    stops = np.array([start, high, low, start])
    way = np.concatenate([[0.0], np.cumsum(np.abs(np.diff(stops)))])
    values: Float64 = np.interp(np.linspace(0.0, way[-1], count, endpoint=False), way, stops)
    return values


def _levels(steps: int) -> Float64:
    return np.linspace(-REACH, REACH, steps) if steps > 1 else np.zeros(1)

"""The importance-weighted bound on log p(x) (Burda, Grosse & Salakhutdinov 2016, arXiv:1509.00519)."""

import numpy as np
import numpy.typing as npt


class LogMeanExp:
    """An accumulator of `log(1/K sum_k exp(w_k))` for N images, from log-weights in chunks of any size.

    With `w_k = log p(x|z_k) + log p(z_k) - log q(z_k|x)` the value is the importance-weighted bound with K
    samples. The accumulator keeps a running maximum and the sum scaled by it, in float64, so that nothing
    overflows and memory does not grow with K.
    """

    def __init__(self, n_images: int) -> None:
        self._maximum = np.full(n_images, -np.inf)
        self._scaled_sum = np.zeros(n_images)
        self._count = 0

    def update(self, log_weights: npt.ArrayLike) -> None:
        """Add a chunk of log-weights (k, N), in nats."""
        weights = np.asarray(log_weights, dtype=np.float64)
        maximum = np.maximum(self._maximum, weights.max(axis=0, initial=-np.inf))
        # If all weights so far are -inf, the sum is 0 for any shift; -inf - -inf would be NaN.
        shift = np.where(np.isneginf(maximum), 0.0, maximum)
        self._scaled_sum = self._scaled_sum * np.exp(self._maximum - shift) + np.exp(weights - shift).sum(
            axis=0
        )
        self._maximum = maximum
        self._count += len(weights)

    def value(self) -> npt.NDArray[np.float64]:
        """Return the log-mean-exp of all weights so far, (N,) in nats; -inf if there are none."""
        with np.errstate(divide="ignore"):
            mean: npt.NDArray[np.float64] = self._maximum + np.log(self._scaled_sum) - np.log(self._count)
        return mean

"""Whitening: the affine map of latents to mean 0 and covariance 1, and of mixtures with them."""

from typing import NamedTuple

import numpy as np

from vaecli.latent.mixture import Float64, Mixture

TINY = 1e-9  # least eigenvalue of the covariance of all latents, relative to the largest


class Whitening(NamedTuple):
    """The map `z = centre + scale @ w`, w of mean 0 and covariance 1; scale is (D, D), or (D,) if diagonal."""

    centre: Float64
    scale: Float64

    @classmethod
    def of(cls, z: Float64, *, diagonal: bool) -> "Whitening":
        """Return the map whose `w` have mean 0 and covariance 1 (variances 1, if diagonal) for latents (N, D)."""
        centre = z.mean(axis=0)
        if diagonal:
            variances = z.var(axis=0)
            return cls(centre, np.sqrt(np.maximum(variances, _least(variances))))
        centred = z - centre
        eigenvalues, vectors = np.linalg.eigh(centred.T @ centred / len(z))
        floored = np.maximum(eigenvalues, _least(eigenvalues))
        return cls(centre, np.linalg.cholesky((vectors * floored) @ vectors.T))

    @property
    def log_determinant(self) -> float:
        """Logarithm of the determinant of the scale."""
        return float(np.log(np.diagonal(self.scale) if self.scale.ndim == 2 else self.scale).sum())

    def apply(self, z: Float64) -> Float64:
        """Return the whitened latents (N, D)."""
        centred = z - self.centre
        white: Float64 = (
            centred / self.scale if self.scale.ndim == 1 else centred @ np.linalg.inv(self.scale).T
        )
        return white

    def whitened(self, mixture: Mixture) -> Mixture:
        """Return the mixture over whitened latents that `undo` makes into `mixture`."""
        if self.scale.ndim == 1:
            means, scales = (mixture.means - self.centre) / self.scale, mixture.scales / self.scale
        else:
            inverse = np.linalg.inv(self.scale)
            means, scales = (mixture.means - self.centre) @ inverse.T, inverse @ mixture.scales
        return Mixture(mixture.weights, means, scales)

    def undo(self, mixture: Mixture) -> Mixture:
        """Return the mixture of latents whose whitened form has the density of `mixture`."""
        if self.scale.ndim == 1:
            return Mixture(
                mixture.weights, self.centre + mixture.means * self.scale, mixture.scales * self.scale
            )
        return Mixture(
            mixture.weights, self.centre + mixture.means @ self.scale.T, self.scale @ mixture.scales
        )


def _least(variances: Float64) -> float:
    """Return the least variance that counts as one; 1 if all are zero."""
    return float(variances.max()) * TINY or 1.0

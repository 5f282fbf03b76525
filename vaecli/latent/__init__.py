"""Functions from latents to latents, with numpy alone.

draws      standard normal rows; each depends only on (seed, stream, index, size)
priors     p(z), by name
mixture    Gaussian mixtures: density
fitting    fit of a mixture to latents
whitening  latents and mixtures in coordinates of mean 0 and covariance 1
posterior_fit  fit of a mixture to posteriors
prior_sizes  the sizes that a mixture may have, and the images to which it is fitted
paths      linear and spherical paths through points
even       paths whose decoded pictures have equal distances
grids      regular grids, and grids between four corners
aggregate  the aggregated posterior as Gaussians, and latents along its dimensions
directions  amounts, and latents moved from one mean toward another
nearest    the latents nearest to one, and the distance that tells classes apart best
summary    statistics of the posteriors of a set of images
"""

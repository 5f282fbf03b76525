"""The probability model: likelihoods, Gaussian formulas, bounds. Each formula is written once.

The functions take the array module as `xp`, numpy or `keras.ops`, and use only names that both have, so that
training and evaluation compute the same values. All values are in nats.

likelihoods      log p(x given z), by name
bernoulli        of binary pixels, and its continuous relative
gaussian_pixels  of Gaussian pixels
logistic         of 8-bit pixels
parameters       the learned numbers of a likelihood
gaussian         log-densities, KL to N(0, I), reparametrised samples, active units
bounds           importance-weighted bound of K samples, in chunks of any size
student          Student's t distribution
"""

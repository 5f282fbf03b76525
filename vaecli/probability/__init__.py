"""The probability model: divergences, likelihoods, bounds. Each formula is written once.

The functions take the array module as `xp`, numpy or `keras.ops`, and use only names that both have, so that
training and evaluation compute the same thing. All values are in nats.

    divergence  KL(q(z|x) || p(z)) in closed form
    likelihood  log p(x|z) and normal log-densities
    posterior   z = mean + deviation * noise
    bounds      the importance-weighted bound, K samples in any chunks
"""

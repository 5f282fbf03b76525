"""Latents in, latents out. numpy alone.

draws    standard normal rows, each a function of (seed, stream, index, size) and nothing else
priors   p(z) by name
paths    linear and spherical paths through points
grids    regular grids
summary  facts about the posterior means of a set of images
"""

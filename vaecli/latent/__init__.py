"""Functions from latents to latents, with numpy alone.

draws    standard normal rows; each depends only on (seed, stream, index, size)
priors   p(z), by name
paths    linear and spherical paths through points
grids    regular grids
summary  statistics of the posteriors of a set of images
"""

"""Latents in, latents out: draws from the prior and paths between points. numpy alone.

draws  standard normal rows, each a function of (seed, stream, index, size) and nothing else
paths  linear and spherical paths through points
"""

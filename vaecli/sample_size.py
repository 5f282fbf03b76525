"""The number of images that figures about their spread need."""

FEWEST_IMAGES = 100
"""Fewer images carry means, but no variances, covariances, shares of variance or percentiles over them.

A percentile would be that of a handful of images, and a covariance of D dimensions needs many more images than D.
"""

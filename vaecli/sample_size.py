"""The least number of images of which a model file may store figures about their spread, such as variances."""

FEWEST_IMAGES = 100
"""Fewer images carry means, but no variances, covariances, shares of variance or percentiles over them.

A percentile would be that of a handful of images, and a covariance of D dimensions needs many more images than D.
"""

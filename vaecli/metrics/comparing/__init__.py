"""Comparisons of saved evaluations.

conditions  what two evaluations must share, metric by metric
intervals   differences with confidence intervals: paired, and Welch's
"""

"""Saved evaluations.

evaluation  what is kept of an evaluation
about       all of it that is not an array, to and from JSON
file        the .npz file, written whole, and read whole or refused
"""

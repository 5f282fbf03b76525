"""Saved evaluations.

evaluation  what is kept of an evaluation
latents     the classes that latents predict, in it
about       all of it that is not an array, to and from JSON
file        the .npz file, written whole, and read whole or refused
"""

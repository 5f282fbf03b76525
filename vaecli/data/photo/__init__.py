"""A user's picture, brought to what a model knows.

decode   any file to 8 bits, upright
frame    background, polarity, trimming, resizing
prepare  all steps in order, as a model's metadata say
"""

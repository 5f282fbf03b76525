"""A user's picture, brought to what a model knows.

opening     any file, opened but not decoded: its kind, its size, what is wrong with it
decode      any file to 8 bits, upright
background  one colour, or a smooth surface where the light is uneven
subject     the box around what is not background
frame       polarity, level, trim, fit
prepare     all steps in order, as a model's metadata say
reading     how the pictures of a training set become images
guess       what training images are like: polarity, and the way pictures are framed
"""

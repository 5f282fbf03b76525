"""A user's picture, brought to what a model knows.

opening        any file, opened but not decoded: its kind, its size, what is wrong with it
decode         any file to 8 bits, upright
background     one colour, or a smooth surface where the light is uneven
oklab          colours as people see them
parts          the connected parts of a mask
spread         masks grown and shrunk, barrier distances, gaps filled in
edge           the edge of a table: a line where two grounds meet
likeness       what in a subject looks like the ground: gaps and shadows
outline        the outline of a subject, drawn again at a larger size
cutout         the subject of a photo, cut out of its ground
ground         before the whole-number steps: made smaller, cut out, evenly lit
whole          the whole-number arithmetic of the steps that follow
scene          a picture between two steps, and what is background in it
subject        the box around what is not background
frame          polarity, level, trim, fit
photo_options  what a user says of the preparation
prepare        all steps in order, as a model's metadata say
reading        how the pictures of a training set become images
guess          what training images are like: polarity, and the way pictures are framed
"""

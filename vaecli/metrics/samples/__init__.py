"""The quality of samples: two sets of images compared by their features, with numpy alone.

Features are arrays (N, F), a row an image. The reference is real images, the samples are what is judged.

features   checks of features
frechet    Fréchet distance
kernel     kernel distance, unbiased
distances  squared distances between the rows of two sets, in blocks
neighbours precision, recall, density and coverage
halves     their standard errors, from random halves of both sets
copies     distance of each image to its nearest training image
classes    the classes that a classifier sees
table      the metrics: meaning, direction
compare    all metrics of two sets
"""

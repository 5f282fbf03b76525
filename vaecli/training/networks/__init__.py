"""The networks: encoder q(z given x) and decoder p(x given z), as plain Keras functional models.

blocks   initializers of layers
classic  the classic convolutional network

Every layer has a name of its own, which is the path of its variables in a checkpoint.
Letters: N images of height H, width W and C channels; D latent dimensions.
"""

"""The networks: encoder q(z given x) and decoder p(x given z), as lists of layers, and their Keras models.

layers        layers as plain values: shapes, numbers of weights and of multiplications
shared        what all networks share
classic       the classic convolutional network
dense         vectors of pixels
conv          convolutions and a wide hidden layer
residual      bottleneck blocks
table         the networks by name
initializers  initial weights
keras_model   Keras models from lists of layers

Every layer has a name of its own, which is the path of its variables in a checkpoint.
Letters: N images of height H, width W and C channels; D latent dimensions.
"""

"""A small classifier of labelled images, whose features measure the quality of samples.

network   its layers
training  its training, on the training images of a data set alone
"""

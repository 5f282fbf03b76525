"""`vaecli eval --quality` and `--samples`: the quality of samples, measured by features.

options      what is measured, and by which features
judge        what turns images into features: a classifier, or the encoder of another run
result       what was measured
seen         the classes of images as a classifier sees them
sets         the reference and the training images
steps        progress and duration
of_model     the samples of a model
of_pictures  pictures from anywhere
of_features  features that were computed elsewhere
by_class     samples of each class, and the classes of samples
probes       how well latents tell classes apart, `vaecli eval --probe`
probe_result the result of this
copies       nearest training images, and the sheet of the closest pairs
"""

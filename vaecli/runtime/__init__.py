"""Running an exported model; the only home of onnxruntime.

model            Model: encode, decode, sample, interpolate, score
sampling         latents and pictures drawn from a prior: a part of Model
priors           the priors of a model, from and to the arrays in its file
scoring          the scorer of a model, from and to the arrays in its file
similar          the images or latents nearest to an image
pickled          a model from the content of its files
parts            the files of a model, each checked for its part and precision
arrays           checks of the arrays that callers pass in
labels           labels that callers pass in, for conditional models
track            paths between encoded images, with their labels
session          batches over a pool of threads
graph_file       what a session needs to know of a file
one_image        one image through pre-bound buffers
classifier       features of images from a classifier, such as the one in bundled_files/
activity         units of a network that never change
default_session  onnxruntime's default session, the baseline of bench
forks            renewal of sessions and locks in forked processes
"""

import os

# onnxruntime 1.32 reports its use over the network, and warns on stderr where it cannot store an identifier
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

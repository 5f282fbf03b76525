"""The exported model at work. The only home of onnxruntime.

model            Model: encode, decode, sample, interpolate
session          batches over threads
one_image        one image through bound buffers
default_session  onnxruntime as it comes, for bench
"""

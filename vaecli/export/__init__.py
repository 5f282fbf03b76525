"""Keras to ONNX, checked through the runtime. The only home of tf2onnx and onnx.

describe     metadata from options, data and state
opsets       the operator sets that a file may use
convert      Keras functions as ONNX graphs
rewrite      exact rewrites of a decoder that make it faster
subpixel     transposed convolutions as plain ones
stamp        a graph with metadata and digest, as bytes
parity       exported files against Keras
folder       the model folder, whole or not at all
previous     decoders of an earlier export
untrained    the check before training that a model of this size can be exported
card         MODEL_CARD.md
reduced      decoders of reduced precision: made, compared, written
degradation  how far a reduced decoder is from the float32 one
fp16         weights in float16
int8/        the quantised decoder
"""

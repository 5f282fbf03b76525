"""Export of Keras networks to ONNX files that are checked in onnxruntime. The only home of tf2onnx and onnx.

describe     metadata from options, data and state
opsets       the operator sets that a file may use
convert      Keras functions as ONNX graphs
rewrite      exact rewrites of a decoder that make it faster
subpixel     transposed convolutions as plain convolutions
stamp        a graph with metadata and digest, as bytes
parity       differences between exported files and Keras
folder       the model folder, complete or not there
classifier   a classifier of features
previous     files of an earlier export
untrained    the check before training that a model of this size can be exported
card         MODEL_CARD.md
reduced      files of reduced precision: made, compared, written
degradation  differences between a file of reduced precision and the float32 one
fp16         weights in float16
int8/        the quantised decoder
"""

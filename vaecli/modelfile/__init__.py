"""An .onnx file of ours: found, read, checked, described, written. No onnxruntime.

find         a run, folder or file -> the files of a model
read         one file, checked before anything opens it
write        metadata and digest of a file, without the onnx package
metadata     what a file says of itself
golden       inputs and expected outputs that a file carries
facts        statistics of the latent space that a file carries
arrays       arrays as text
graph        its operators, constants, inputs and outputs
operators    the operators that a file may use
cost/        the shape and cost of everything that a graph computes
protobuf     the wire format
onnx_schema  the messages of an ONNX file
versions     which onnxruntime an opset needs
safe_text    text that a terminal may be given
"""

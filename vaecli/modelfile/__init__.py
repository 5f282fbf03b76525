"""The .onnx files of a model, found, read, checked, described and written without onnxruntime.

find         the files of a model, from a run, folder or file
read         one file, checked before onnxruntime opens it
write        metadata and digest of a file, without the onnx package
metadata     description of the model in a file
metadata_checks  types, sizes and texts of that description
classifier   the file of a classifier, whose features measure samples
golden       inputs and expected outputs in a file
facts        statistics of the latent space in a file
prior_facts  the mixtures that latents are drawn from
score_facts  what the score of a picture is computed with
stored_mixture  shapes and ranges of a mixture in a file
arrays       arrays as text
graph        operators, constants, inputs and outputs of a file
operators    operators that a file may use
cost/        memory and multiplications of a graph
protobuf     wire format
onnx_schema  messages of an ONNX file
versions     onnxruntime version that an opset needs
words        how a model takes a picture, and what its prior is, in words
safe_text    text that is safe to print in a terminal
"""

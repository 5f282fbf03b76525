"""The int8 decoder: fitted layer by layer, tuned, written as standard operators.

layers           the decoder as a list of arrays
sensitivity      how much each number moves the picture
ranges           scales and ranges; weights that saturate nowhere
rounding         weights rounded so that their errors cancel
calibrate        all layers in order
tune             the float numbers that remain, by gradient descent
integer_decoder  what the file must compute, in numpy
graph            the ONNX graph
"""

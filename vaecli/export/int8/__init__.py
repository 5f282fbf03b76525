"""The int8 decoder: quantised layer by layer, tuned, written as standard ONNX operators.

layers           the float32 decoder as a list of arrays
sensitivity      how strongly each value inside the decoder changes the picture
ranges           scales of activations and weights; which weights must be small together
rounding         weights rounded so that their errors cancel
calibrate        all layers quantised in order
tune             the remaining float32 numbers improved by gradient descent
integer_decoder  what the file must compute, in numpy
graph            the ONNX graph
"""

"""Memory and multiplications of a graph, computed from its shapes before onnxruntime allocates anything.

values         element type and shape of an array, and the cost of an operator
shape_rules    operators that move elements or treat each one by itself
product_rules  matrix products, convolutions, quantisation
measure        the whole graph, compared with the limits
"""

"""What a graph will cost, computed from shapes alone before onnxruntime allocates anything.

values         arrays on paper: element type and shape
shape_rules    operators that move elements or treat each alone
product_rules  matrix products and convolutions
measure        the whole graph, against the limits
"""

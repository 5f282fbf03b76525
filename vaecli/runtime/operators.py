"""The operators that a file may use: those that `export` writes, each with the rule for what it gives and costs.

None of them runs code, reads a file, holds a subgraph, or makes a large array from one number as ConstantOfShape,
Expand, Tile and Resize do. To allow another one is to give it a rule in layout.py or products.py.
"""

from collections.abc import Mapping

from vaecli.runtime.layout import LAYOUT, Rule
from vaecli.runtime.products import PRODUCTS

RULES: Mapping[str, Rule] = {**LAYOUT, **PRODUCTS}

ALLOWED: Mapping[str, frozenset[str]] = {"": frozenset(RULES)}  # by domain; the empty one is ONNX's own

"""`vaecli eval --save` and `vaecli compare`.

saving    an evaluation and its model -> a saved evaluation
"""

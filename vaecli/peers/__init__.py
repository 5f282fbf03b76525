"""What else could decode the same weights: Keras, PyTorch, OpenVINO, each in a process of its own.

Nobody needs them but `vaecli bench --against`. In one process they slow each other down: each keeps threads that
spin, and memory that the others' allocators ask for.
"""

"""Other runtimes that decode the same weights, each in a process of its own, for `vaecli bench --against`.

In one process they would slow each other down: each keeps spinning threads and its own allocator.

processes      starts a process for each package, and asks it for images and times
backends       decoding with Keras, PyTorch and OpenVINO
decoder_files  a run's decoder in the forms that they read
"""

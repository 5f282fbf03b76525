"""Baselines for `vaecli bench --against`: other packages that decode the same weights, each in its own process.

In one process they would slow each other down, since each keeps spinning threads and an allocator of its own.

processes      a process for each package; requests for images and times
backends       decoding with Keras, PyTorch and OpenVINO
decoder_files  a run's decoder in the forms that the packages read
"""

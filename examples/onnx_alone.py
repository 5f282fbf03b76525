"""Use the exported files with onnxruntime and numpy alone, without vaecli.

python examples/onnx_alone.py FOLDER
"""

import sys

import numpy as np
import onnxruntime

encoder = onnxruntime.InferenceSession(f"{sys.argv[1]}/encoder.onnx")
decoder = onnxruntime.InferenceSession(f"{sys.argv[1]}/decoder.onnx")
z = np.random.default_rng(0).standard_normal((4, decoder.get_inputs()[0].shape[1])).astype(np.float32)
(images,) = decoder.run(["image"], {"z": z})  # (N, H, W, C) in [0, 1]
z_mean, z_log_var = encoder.run(["z_mean", "z_log_var"], {"image": images})  # (N, D)
print(f"{len(images)} pictures of {images.shape[1:]}, {images.mean():.3f} on average, encoded again to")
print(z_mean.round(2))

"""Use the exported files with onnxruntime and NumPy alone, without vaecli.

    python examples/onnx_alone.py FOLDER

FOLDER holds encoder.onnx and decoder.onnx. Needs `pip install onnxruntime numpy`. Latents are drawn from N(0, I).
The mixture that most models have as prior gives better pictures: `vaecli sample`.
"""

import sys

import numpy as np
import onnxruntime

encoder = onnxruntime.InferenceSession(f"{sys.argv[1]}/encoder.onnx")
decoder = onnxruntime.InferenceSession(f"{sys.argv[1]}/decoder.onnx")
latent_dim = decoder.get_inputs()[0].shape[1]

# a conditional model also takes a label, one-hot of its K classes (N, K); zeros are no label
label = {each.name: np.zeros((4, each.shape[1]), np.float32) for each in decoder.get_inputs()[1:]}

z = np.random.default_rng(0).standard_normal((4, latent_dim)).astype(np.float32)  # from N(0, I)
(images,) = decoder.run(["image"], {"z": z} | label)  # (N, H, W, C) in [0, 1]
z_mean, z_log_var = encoder.run(["z_mean", "z_log_var"], {"image": images} | label)  # (N, D) each

print(f"{len(images)} pictures of {images.shape[1:]}, mean pixel {images.mean():.3f}; their posterior means:")
print(z_mean.round(2))

"""Interpolate between two images that are NumPy arrays.

    python examples/interpolate_arrays.py MODEL [OUT.npy]

MODEL is a run folder or an exported folder. The two images come from the model here; any array of its shape
will do: floats in [0, 1], or uint8. Writes OUT.npy (default: between.npy). Needs `pip install .`, not
TensorFlow.
"""

import sys

import numpy as np

import vaecli

model = vaecli.Model.open(sys.argv[1])
out = sys.argv[2] if len(sys.argv) > 2 else "between.npy"
first, last = model.sample(2, seed=7)  # (H, W, C) each

between = model.interpolate(first, last, steps=9)  # (9, H, W, C): both ends are reconstructions

# The same by hand: encode both, walk along a straight line of latents, decode.
z_mean, z_log_var = model.encode(np.stack([first, last]))  # (2, D) each
weights = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
by_hand = model.decode((1 - weights) * z_mean[0] + weights * z_mean[1])
print(f"largest difference between the two ways: {np.abs(between - by_hand).max():.1e}")

np.save(out, between)
print(f"{len(between)} pictures of {between.shape[1:]}: {out}")

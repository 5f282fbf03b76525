"""Draw pictures from a model and save them, from Python.

    python examples/sample_from_python.py MODEL [FOLDER]

MODEL is a run folder, an exported folder, a decoder.onnx or fashion-mnist, the model that comes along. Writes
samples.npy and samples.png to FOLDER (default: the current one). Needs `pip install .`, not TensorFlow.
"""

import pathlib
import sys

import numpy as np
from PIL import Image

import vaecli

ROWS, COLUMNS = 4, 8

model = vaecli.Model.open(sys.argv[1])
folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else ".")

images = model.sample(ROWS * COLUMNS, seed=7)  # (N, H, W, C) float32 in [0, 1]
np.save(folder / "samples.npy", images)

pixels = (255 * images + 0.5).astype(np.uint8)
height, width, channels = model.image_shape
sheet = pixels.reshape(ROWS, COLUMNS, height, width, channels).transpose(0, 2, 1, 3, 4)
sheet = sheet.reshape(ROWS * height, COLUMNS * width, channels)
Image.fromarray(sheet[..., 0] if channels == 1 else sheet).save(folder / "samples.png")
print(f"{len(images)} pictures of {height} x {width} pixels: {folder / 'samples.png'}")

"""Compute features of images with DINOv2 or Inception, for `vaecli eval --features FILE.npy`.

    pip install torch torchvision torch-fidelity
    python other_features.py dinov2 samples.npy samples-features.npy
    python other_features.py inception test.npy test-features.npy

The images are an array (N, H, W, C), uint8, C 1 or 3, such as `vaecli sample -o samples.npy` writes. Both networks
are downloaded on first use. The preprocessing is part of a figure; figures of other preprocessings do not compare:

    dinov2     grey is repeated to three channels; bicubic with antialiasing to 224 x 224; / 255; minus the mean
               (0.485, 0.456, 0.406), over the deviation (0.229, 0.224, 0.225); ViT-S/14, class token, 384 features
    inception  grey is repeated to three channels; 8-bit pixels as they are; torch-fidelity resizes to 299 x 299
               bilinearly as TensorFlow 1 does, and scales to -1..1; pool3, 2048 features
"""

import argparse
from collections.abc import Callable

import numpy as np
import torch

MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = 64


def as_rgb(images: np.ndarray) -> torch.Tensor:
    """Return images (N, H, W, C) uint8 as (N, 3, H, W) uint8."""
    planes = torch.from_numpy(images).permute(0, 3, 1, 2)
    return planes.repeat(1, 3, 1, 1) if planes.shape[1] == 1 else planes.contiguous()


def for_dinov2(planes: torch.Tensor) -> torch.Tensor:
    """Return (N, 3, H, W) uint8 as DINOv2 takes it, (N, 3, 224, 224) float32."""
    resized = torch.nn.functional.interpolate(
        planes.float() / 255, size=(224, 224), mode="bicubic", antialias=True, align_corners=False
    ).clamp(0, 1)
    return (resized - torch.tensor(MEAN).view(1, 3, 1, 1)) / torch.tensor(DEVIATION).view(1, 3, 1, 1)


def dinov2() -> Callable[[torch.Tensor], torch.Tensor]:
    network = torch.hub.load("facebookresearch/dinov2", "dinov2_vits14").eval()
    return lambda planes: network(for_dinov2(planes))


def inception() -> Callable[[torch.Tensor], torch.Tensor]:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3  # noqa: PLC0415

    network = FeatureExtractorInceptionV3("inception-v3-compat", ["2048"]).eval()
    return lambda planes: network(planes)[0]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("network", choices=("dinov2", "inception"))
    parser.add_argument("images", help="array (N, H, W, C) uint8")
    parser.add_argument("out", help="features (N, F) to write")
    options = parser.parse_args()
    images = np.load(options.images, mmap_mode="r")
    compute = dinov2() if options.network == "dinov2" else inception()
    with torch.inference_mode():
        parts = [
            compute(as_rgb(np.array(images[first : first + BATCH]))).numpy()
            for first in range(0, len(images), BATCH)
        ]
    np.save(options.out, np.concatenate(parts).astype(np.float32))


if __name__ == "__main__":
    main()

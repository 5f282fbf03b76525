"""Measure how many photos on six grounds keep their class when they are prepared for a model of Fashion-MNIST.

    python examples/benchmarks/photos.py --split test -n 1000

The photos are those of examples/make/make_scenes.py. The class of a prepared picture is that of the nearest of all
training images in pixels; figures are relative to the share that is right for the original images. With `--split
train` an image is no neighbour of itself. `perfect mask` prepares the same garments on white, cut out where they
really are; `--cutout off` prepares the photos without a cut-out. With PYTHONPATH naming another version of vaecli,
that one is measured.
"""

import argparse
import pathlib
import sys
import tempfile
import time

import numpy as np
import numpy.typing as npt
from PIL import Image

from vaecli.data.load import load
from vaecli.data.photo import prepare

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "make"))
from make_scenes import GROUNDS, Photo, make_photo, photo_rng

Images = npt.NDArray[np.uint8]
CHUNK = 500
PREPARATION = prepare.Preparation(shape=(28, 28, 1), polarity="light-on-dark", photo="fashion")


class Neighbours:
    """The training images, and the class of the nearest one."""

    def __init__(self) -> None:
        data = load("fashion-mnist", "train")
        self.labels = np.asarray(data.labels)
        self.rows = np.asarray(data.images[:]).reshape(len(self.labels), -1).astype(np.float32)
        self.squares = (self.rows**2).sum(axis=1)

    def classes(self, images: Images, own: npt.NDArray[np.int64] | None) -> npt.NDArray[np.int64]:
        """Return the class of each image (N, ...); `own` (N,) are training images that do not count."""
        classes = []
        for start in range(0, len(images), CHUNK):
            rows = images[start : start + CHUNK].reshape(-1, self.rows.shape[1]).astype(np.float32)
            distances = self.squares - 2 * rows @ self.rows.T
            if own is not None:
                distances[np.arange(len(rows)), own[start : start + CHUNK]] = np.inf
            classes.append(self.labels[distances.argmin(axis=1)])
        return np.concatenate(classes)


def prepared(photo: Photo, folder: pathlib.Path, cutout: str) -> Images:
    path = folder / "photo.jpg"
    path.write_bytes(photo.content)
    if hasattr(prepare, "PhotoOptions"):
        return PREPARATION.load(path, prepare.PhotoOptions(cutout=cutout)).image
    return PREPARATION.load(path).image


def with_perfect_mask(photo: Photo, folder: pathlib.Path) -> Images:
    path = folder / "cut-out.png"
    alpha = photo.alpha[..., None]
    Image.fromarray((photo.upright * alpha + 255 * (1 - alpha)).round().astype(np.uint8)).save(path)
    return PREPARATION.load(path).image


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", default="train", choices=("train", "test"))
    parser.add_argument("-n", "--count", type=int, default=100, help="photos of each ground")
    parser.add_argument("--first", type=int, default=0, help="position of the first image")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cutout", default="auto", choices=("auto", "off"))
    parser.add_argument("--no-mask", action="store_true", help="leave the perfect mask out")
    options = parser.parse_args()
    data, neighbours = load("fashion-mnist", options.split), Neighbours()
    positions = np.arange(options.first, options.first + options.count)
    images, labels = np.asarray(data.images[positions]), np.asarray(data.labels)[positions]
    own = positions if options.split == "train" else None
    originals = float((neighbours.classes(images, own) == labels).mean())
    print(f"originals: {originals:.3f} right")
    print(f"{'ground':14} {'prepared':>9} {'relative':>9} {'perfect mask':>13} {'seconds':>8}")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for ground in GROUNDS:
            results, masked, seconds = [], [], 0.0
            for position, image in zip(positions, images, strict=True):
                photo = make_photo(image[..., 0], ground, photo_rng(options.seed, ground, int(position)))
                start = time.perf_counter()
                results.append(prepared(photo, folder, options.cutout))
                seconds += time.perf_counter() - start
                masked += [] if options.no_mask else [with_perfect_mask(photo, folder)]
            right = float((neighbours.classes(np.stack(results), own) == labels).mean())
            perfect = (
                float((neighbours.classes(np.stack(masked), own) == labels).mean()) if masked else np.nan
            )
            line = f"{ground:14} {right:9.3f} {right / originals:9.3f} {perfect / originals:13.3f}"
            print(f"{line} {seconds / options.count:8.3f}", flush=True)


if __name__ == "__main__":
    main()

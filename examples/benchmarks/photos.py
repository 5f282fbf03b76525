"""Measure how many photos on six grounds keep their class when they are prepared for a model of Fashion-MNIST.

    python examples/benchmarks/photos.py --split test -n 1000

The photos are those of examples/make/make_scenes.py. The class of a prepared picture is that of the nearest of all
training images in pixels; figures are relative to the share that is right for the original images. With `--split
train` an image is no neighbour of itself. `perfect mask` prepares the same garments on white, cut out where they
really are; `uncut` prepares the same photos without a cut-out. With PYTHONPATH naming another version of vaecli,
that one is measured. Seconds are processor seconds for each photo.
"""

import argparse
import dataclasses
import multiprocessing
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


@dataclasses.dataclass(frozen=True)
class Task:
    """A photo to be made and prepared: its image (28, 28), ground, seed and position."""

    image: Images
    ground: str
    seed: int
    position: int

    def run(self) -> tuple[Images, Images, Images, float, bool]:
        """Return the picture prepared, uncut, with a perfect mask, the seconds, and whether a warning was given."""
        photo = make_photo(self.image, self.ground, photo_rng(self.seed, self.ground, self.position))
        with tempfile.TemporaryDirectory() as name:
            path = pathlib.Path(name) / "photo.jpg"
            path.write_bytes(photo.content)
            start = time.process_time()
            picture = PREPARATION.load(path)
            seconds = time.process_time() - start
            options = prepare.PhotoOptions(cutout="off") if hasattr(prepare, "PhotoOptions") else None
            uncut = PREPARATION.load(path, options).image if options else picture.image
            doubtful = any("plain" in step for step in picture.steps)
            return picture.image, uncut, with_perfect_mask(photo, pathlib.Path(name)), seconds, doubtful


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
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    options = parser.parse_args()
    data, neighbours = load("fashion-mnist", options.split), Neighbours()
    positions = np.arange(options.first, options.first + options.count)
    images, labels = np.asarray(data.images[positions]), np.asarray(data.labels)[positions]
    own = positions if options.split == "train" else None
    originals = float((neighbours.classes(images, own) == labels).mean())
    print(f"originals: {originals:.3f} right; the other figures are relative to that")
    print(f"{'ground':14} {'prepared':>9} {'uncut':>9} {'perfect mask':>13} {'warned':>7} {'seconds':>8}")
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        for ground in GROUNDS:
            tasks = [
                Task(image[..., 0], ground, options.seed, int(position))
                for position, image in zip(positions, images, strict=True)
            ]
            *pictures, seconds, doubtful = zip(*pool.imap(Task.run, tasks, chunksize=8), strict=True)
            shares = [
                float((neighbours.classes(np.stack(column), own) == labels).mean()) / originals
                for column in pictures
            ]
            line = f"{ground:14} {shares[0]:9.3f} {shares[1]:9.3f} {shares[2]:13.3f}"
            print(f"{line} {np.mean(doubtful):7.3f} {np.mean(seconds):8.3f}", flush=True)


if __name__ == "__main__":
    main()

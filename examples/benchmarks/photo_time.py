"""Measure how long a photo of many megapixels takes to be prepared for a model of Fashion-MNIST.

    python examples/benchmarks/photo_time.py --megapixels 12 108

The photo is one of examples/make/make_scenes.py, enlarged, with its noise, as a JPEG of quality 90 that is turned.
Seconds are medians: of the clock, and of the processor.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
from PIL import Image

from vaecli.data.load import load
from vaecli.data.photo.prepare import Preparation

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "make"))
from make_scenes import GROUNDS, make_photo, photo_rng

PREPARATION = Preparation(shape=(28, 28, 1), polarity="light-on-dark", photo="fashion")
ORIENTATION = 0x0112
REPEATS = 5


def write_photo(path: pathlib.Path, ground: str, megapixels: float) -> tuple[int, int]:
    """Write a photo of 4 : 3, and return its width and height."""
    rng = photo_rng(0, ground, 0)
    image = load("fashion-mnist-mini", "train").images[0][..., 0]
    upright = Image.fromarray(make_photo(image, ground, rng).upright)
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    size = (width, width * 3 // 4)
    large = upright.resize(size, Image.Resampling.BICUBIC)
    noise = Image.fromarray(rng.integers(0, 256, (512, 512, 3), dtype=np.uint8))
    for top in range(0, size[1], 512):
        for left in range(0, size[0], 512):
            box = (left, top, min(left + 512, size[0]), min(top + 512, size[1]))
            part = noise.crop((0, 0, box[2] - left, box[3] - top))
            large.paste(Image.blend(large.crop(box), part, 0.03), box)
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    large.save(path, "JPEG", quality=90, exif=exif)
    return size


def measure(path: pathlib.Path) -> tuple[float, float]:
    """Return the median seconds of the clock and of the processor."""
    PREPARATION.load(path)
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter(), time.process_time()
        PREPARATION.load(path)
        times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
    clock, processor = zip(*times, strict=True)
    return statistics.median(clock), statistics.median(processor)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--megapixels", type=float, nargs="+", default=[12])
    options = parser.parse_args()
    print(f"{'ground':14} {'size':>15} {'clock':>7} {'processor':>10}")
    with tempfile.TemporaryDirectory() as name:
        path = pathlib.Path(name) / "photo.jpg"
        for megapixels in options.megapixels:
            for ground in GROUNDS:
                width, height = write_photo(path, ground, megapixels)
                clock, processor = measure(path)
                print(f"{ground:14} {width:6} x {height:6} {clock:7.3f} {processor:10.3f}", flush=True)


if __name__ == "__main__":
    main()

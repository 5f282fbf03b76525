"""Make a folder of pictures of several sizes and formats, to train on: garments, and crops of a photograph.

    python examples/make/make_pictures.py --count 2000 --out pictures/

The garments are training images of Fashion-MNIST, enlarged and coloured, on plain and textured grounds, in a folder
a class. The photograph is one that matplotlib carries. The same options give the same pictures. `--bad 5` adds
files that cannot be read.
"""

import argparse
import io
import pathlib
from collections.abc import Callable

import matplotlib
import numpy as np
from PIL import Image

from vaecli.data.load import load

SIDES = 28, 400  # of the pictures, in pixels
PHOTOGRAPHS = 0.1  # of all pictures
ORIENTATION = 0x0112  # the EXIF tag
TURNED = 6  # its value for a camera held upright
FORMATS = ("PNG", "JPEG", "JPEG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
SUFFIXES = {"JPEG": ".jpg", "TIFF": ".tif"}
MODES = {  # modes that a format is written in; RGB three times as often
    "PNG": ("L", "RGB", "RGB", "RGB", "P", "RGBA"),
    "WEBP": ("RGB", "RGB", "RGB", "RGBA"),
    "GIF": ("P",),
}
OTHER_MODES = ("L", "RGB", "RGB", "RGB")


def photograph() -> Image.Image:
    """Open the photograph in matplotlib's sample data."""
    folder = pathlib.Path(matplotlib.get_data_path())
    return Image.open(folder / "sample_data" / "grace_hopper.jpg").convert("RGB")


def colour(rng: np.random.Generator, low: int, high: int) -> np.ndarray:
    """Draw a colour (3,), each channel from `low` to `high`."""
    return rng.uniform(low, high, 3)


def crop(photo: Image.Image, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Cut a part of a photograph, of random place and scale, as (H, W, 3); `size` is (W, H)."""
    scale = rng.uniform(0.3, 1) * min(photo.width / size[0], photo.height / size[1])
    width, height = max(1, int(scale * size[0])), max(1, int(scale * size[1]))
    left = int(rng.integers(0, photo.width - width + 1))
    top = int(rng.integers(0, photo.height - height + 1))
    return np.asarray(
        photo.resize(size, Image.Resampling.BICUBIC, (left, top, left + width, top + height)), float
    )


def ground(photo: Image.Image, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    """Draw a background (H, W, 3), plain or textured, for a picture of `size` (W, H)."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    first, second = colour(rng, 150, 255), colour(rng, 100, 255)
    share: Callable[[], np.ndarray] = (
        lambda: np.zeros(rows.shape),
        lambda: rows / size[1],
        lambda: 0.5 * ((rows + columns) * 8 // sum(size) % 2),
        lambda: rng.uniform(0, 0.4, rows.shape),
        lambda: crop(photo, size, rng).mean(axis=-1) / 255 / 2,
    )[rng.integers(5)]
    background: np.ndarray = first + share()[..., None] * (second - first)
    return background


def garment(
    image: np.ndarray, photo: Image.Image, size: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """Paint a grey image (28, 28) of a garment, light on black, in a colour on a ground: (H, W, 3)."""
    side = round(min(size) * rng.uniform(0.85, 1))
    enlarged = Image.fromarray(image).resize((side, side), Image.Resampling.BICUBIC)
    left, top = ((length - side) // 2 for length in size)
    canvas = Image.new("L", size)
    canvas.paste(enlarged, (left, top))
    light = np.asarray(canvas, float)[..., None] / 255
    opacity = np.clip(light * 6, 0, 1)
    painted: np.ndarray = (1 - opacity) * ground(photo, size, rng) + opacity * light * colour(rng, 80, 255)
    return painted


def encode(pixels: np.ndarray, kind: str, rng: np.random.Generator) -> bytes:
    """Encode a picture (H, W, 3) in a random mode of its format; some are turned and say so."""
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    modes = MODES.get(kind, OTHER_MODES)
    mode = modes[rng.integers(len(modes))]
    exif = Image.Exif()
    if kind == "JPEG" and rng.random() < 0.1:
        picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION] = TURNED
    picture = picture.quantize(64) if mode == "P" else picture.convert(mode)
    if mode == "RGBA":
        rows, columns = np.mgrid[-1 : 1 : 1j * picture.height, -1 : 1 : 1j * picture.width]
        picture.putalpha(Image.fromarray(np.where(rows**2 + columns**2 < 1.8, 255, 0).astype(np.uint8)))
    file = io.BytesIO()
    options = {"quality": int(rng.integers(60, 96))} if kind in ("JPEG", "WEBP") else {}
    picture.save(file, kind, exif=exif, **options)
    return file.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="Number of pictures.")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="A new folder.")
    parser.add_argument("--bad", type=int, default=0, help="Number of files that cannot be read.")
    parser.add_argument("--seed", type=int, default=0, help="Seed of all that is drawn.")
    parser.add_argument("--data", default="fashion-mnist-mini", help="fashion-mnist or fashion-mnist-mini.")
    arguments = parser.parse_args()
    if arguments.out.exists():
        raise SystemExit(f"--out must name a new folder, got {arguments.out}, which exists")
    arguments.out.mkdir(parents=True)
    data, photo = load(arguments.data, "train"), photograph()
    for number in range(arguments.count):
        rng = np.random.default_rng([arguments.seed, number])
        low, high = (float(np.log(side)) for side in SIDES)
        width, height = (int(side) for side in np.exp(rng.uniform(low, high, 2)))
        size = width, int(np.clip(height, width / 2, 2 * width).clip(*SIDES))
        kind = FORMATS[rng.integers(len(FORMATS))]
        if rng.random() < PHOTOGRAPHS or data.labels is None:
            name, pixels = "Photograph", crop(photo, size, rng)
        else:
            index = number % len(data.images)
            name = data.class_names[data.labels[index]].replace("/", " or ")
            pixels = garment(data.images[index][..., 0], photo, size, rng)
        folder = arguments.out / name
        folder.mkdir(exist_ok=True)
        content = encode(pixels, kind, rng)
        (folder / f"{number:05d}{SUFFIXES.get(kind, '.' + kind.lower())}").write_bytes(content)
        if number < arguments.bad:
            bad = (b"", content[: len(content) // 2], b"not a picture")[number % 3]
            (folder / f"bad-{number:05d}.png").write_bytes(bad)
    print(f"{arguments.count} pictures and {arguments.bad} files that cannot be read in {arguments.out}")


if __name__ == "__main__":
    main()

"""Make photos as people take them: a garment of Fashion-MNIST on six grounds, with the errors of a phone.

    python examples/make/make_scenes.py scenes/ -n 10 --split train --seed 0

Each photo is a 28 x 28 image, enlarged 9 to 16 times, coloured, turned by up to 5 degrees and laid off-centre on a
ground. The grounds: white, uneven light, soft shadow, table edge, wood, dark. It is a JPEG of quality 60 to 95 with
one of the eight EXIF orientations. Seed, ground and position give the same photo again.
"""

import argparse
import dataclasses
import io
import pathlib

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter

from vaecli.data.load import load

Floats = npt.NDArray[np.float32]

GROUNDS = ("white", "uneven light", "soft shadow", "table edge", "wood", "dark")
STORED = {  # EXIF orientation -> how a camera held that way stores an upright picture
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
_ORIENTATION = 0x0112


@dataclasses.dataclass(frozen=True)
class Photo:
    """A photo and what it is made of.

    Attributes:
        content: the JPEG file.
        upright: (H, W, 3) uint8, before it was compressed and turned.
        alpha: (H, W), 0 to 1: where the garment is.
    """

    content: bytes
    upright: npt.NDArray[np.uint8]
    alpha: Floats


@dataclasses.dataclass(frozen=True)
class Garment:
    """A garment on the canvas of a photo.

    Attributes:
        colours: (H, W, 3), 0 to 255, meaningless outside the garment.
        alpha: (H, W), 0 to 1.
        centre: (row, column) of its middle.
    """

    colours: Floats
    alpha: Floats
    centre: tuple[float, float]


def make_photo(image: npt.NDArray[np.uint8], ground: str, rng: np.random.Generator) -> Photo:
    """Make the photo of an image (28, 28), light on dark, on one of `GROUNDS`."""
    garment = _garment(image, rng)
    backdrop = _BACKDROPS[ground](garment, rng)
    alpha = garment.alpha[..., None]
    values = backdrop + (garment.colours - backdrop) * alpha
    values += rng.normal(0, rng.uniform(0.5, 4), values.shape)
    upright = values.clip(0, 255).round().astype(np.uint8)
    return Photo(_to_jpeg(upright, rng), upright, garment.alpha)


def _to_jpeg(upright: npt.NDArray[np.uint8], rng: np.random.Generator) -> bytes:
    """Compress a photo (H, W, 3) as a camera does that is held in any way."""
    orientation = int(rng.integers(1, 9))
    image, turn = Image.fromarray(upright), STORED[orientation]
    exif = Image.Exif()
    exif[_ORIENTATION] = orientation
    file = io.BytesIO()
    stored = image if turn is None else image.transpose(turn)
    stored.save(file, "JPEG", quality=int(rng.integers(60, 96)), exif=exif)
    return file.getvalue()


def _garment(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> Garment:
    """Enlarge, colour and turn an image (28, 28), and lay it on an empty canvas."""
    side = round(28 * rng.uniform(9, 16))
    width, height = (round(side * rng.uniform(1.2, 1.9)) for _ in range(2))
    left, top = (
        round((length - side) * rng.uniform(0.1, 0.9)) if length > side else 0 for length in (width, height)
    )
    angle = rng.uniform(-5, 5)
    values, alpha = (
        _canvas(plane, side, angle, (top, left), (height, width))
        for plane in (image, _silhouette(image, rng))
    )
    alpha = ((alpha / 255 - 0.5) * side / 28 / 2 + 0.5).clip(0, 1)  # a sharp edge, about two pixels wide
    ink = _ink(rng)
    colours = 255 - values[..., None] / 255 * (255 - ink)
    return Garment(colours.astype(np.float32), alpha, (top + side / 2, left + side / 2))


def _ink(rng: np.random.Generator) -> Floats:
    """Return the colour (3,) of the darkest parts of a garment: any hue, dark to middle."""
    ink = rng.uniform(0, 120, 3)
    return np.asarray(ink * min(1.0, 75 / max(float(ink.mean()), 1.0)), np.float32)


def _silhouette(image: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Return where a garment covers the ground, (28, 28), 0 or 255: small holes in it are white cloth."""
    outside = image <= rng.integers(4, 14)
    covered = ~outside
    for region in _regions(outside):
        rows, columns = np.nonzero(region)
        touches = min(rows.min(), columns.min()) == 0 or max(rows.max(), columns.max()) == 27
        if not touches and len(rows) < 14:
            covered |= region
    return np.where(covered, 255, 0).astype(np.uint8)


def _regions(mask: npt.NDArray[np.bool_]) -> list[npt.NDArray[np.bool_]]:
    """Return the connected parts of a small mask, each as a mask."""
    rest, regions = mask.copy(), []
    while rest.any():
        region = np.zeros_like(mask)
        region[tuple(np.argwhere(rest)[0])] = True
        while True:
            wider = np.pad(region, 1)
            wider = (
                wider[1:-1, 1:-1] | wider[:-2, 1:-1] | wider[2:, 1:-1] | wider[1:-1, :-2] | wider[1:-1, 2:]
            ) & mask
            if (wider == region).all():
                break
            region = wider
        regions.append(region)
        rest &= ~region
    return regions


def _canvas(
    plane: npt.NDArray[np.uint8], side: int, angle: float, corner: tuple[int, int], size: tuple[int, int]
) -> Floats:
    """Enlarge a plane (28, 28) to `side`, turn it, and lay it on zeros of `size`."""
    large = Image.fromarray(plane).resize((side, side), Image.Resampling.BICUBIC)
    canvas = Image.new("L", (size[1], size[0]), 0)
    canvas.paste(large, (corner[1], corner[0]))
    centre = (corner[1] + side / 2, corner[0] + side / 2)
    return np.asarray(canvas.rotate(angle, Image.Resampling.BICUBIC, center=centre), np.float32)


def _plain(shape: tuple[int, ...], colour: npt.ArrayLike) -> Floats:
    return np.broadcast_to(np.asarray(colour, np.float32), (*shape[:2], 3)).copy()


def _paper(rng: np.random.Generator, low: float = 190, high: float = 250) -> Floats:
    """Return the colour (3,) of paper or cloth: light, with a tint."""
    return np.asarray(rng.uniform(low, high) + rng.normal(0, 4, 3), np.float32)


def _positions(shape: tuple[int, ...]) -> tuple[Floats, Floats]:
    """Return row and column of each pixel, each -1 to 1: (H, 1) and (1, W)."""
    rows, columns = (np.linspace(-1, 1, length, dtype=np.float32) for length in shape[:2])
    return rows[:, None], columns[None, :]


def _slope(shape: tuple[int, ...], rng: np.random.Generator) -> Floats:
    """Return a plane (H, W) of values 0 to 1 that rises in any direction."""
    rows, columns = _positions(shape)
    angle = rng.uniform(0, 2 * np.pi)
    height = rows * np.sin(angle) + columns * np.cos(angle)
    slope: Floats = (height - height.min()) / (height.max() - height.min())
    return slope


def _clouds(shape: tuple[int, ...], cells: int, rng: np.random.Generator) -> Floats:
    """Return smooth noise (H, W), about -1 to 1, with as many hills along a side as `cells`."""
    coarse = Image.fromarray(rng.normal(0, 0.5, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((shape[1], shape[0]), Image.Resampling.BICUBIC), np.float32)


def _blurred(alpha: Floats, radius: float) -> Floats:
    image = Image.fromarray((alpha * 255).astype(np.uint8)).filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(image, np.float32) / np.float32(255)


def _white(garment: Garment, rng: np.random.Generator) -> Floats:
    return _plain(garment.alpha.shape, rng.uniform(248, 255))


def _uneven_light(garment: Garment, rng: np.random.Generator) -> Floats:
    """Paper under a lamp: light that falls off to one side, or away from a spot."""
    shape = garment.alpha.shape
    if rng.random() < 0.5:
        light = 1 - rng.uniform(0.25, 0.55) * _slope(shape, rng)
    else:
        rows, columns = _positions(shape)
        row, column = rng.uniform(-0.9, 0.9, 2)
        light = 1 - rng.uniform(0.12, 0.25) * np.hypot(rows - row, columns - column).clip(0, 2.2)
    return _plain(shape, _paper(rng, 210, 253)) * light[..., None]


def _soft_shadow(garment: Garment, rng: np.random.Generator) -> Floats:
    """Paper with the blurred shadow of the garment beside it."""
    shift = rng.uniform(8, 28) * np.array([np.sin(angle := rng.uniform(0, 2 * np.pi)), np.cos(angle)])
    shadow = np.roll(_blurred(garment.alpha, rng.uniform(8, 22)), shift.round().astype(int), axis=(0, 1))
    light = (1 - rng.uniform(0.2, 0.5) * shadow) * (
        1 - rng.uniform(0, 0.12) * _slope(garment.alpha.shape, rng)
    )
    return _plain(garment.alpha.shape, _paper(rng)) * light[..., None]


def _table_edge(garment: Garment, rng: np.random.Generator) -> Floats:
    """A table that ends behind the garment: two grounds of different colours meet at a line."""
    shape = garment.alpha.shape
    rows, columns = np.arange(shape[0])[:, None], np.arange(shape[1])[None, :]
    angle = rng.choice([0.0, np.pi / 2]) + rng.uniform(-0.3, 0.3)
    away = rng.uniform(-0.45, 0.45) * 300
    side = (rows - garment.centre[0]) * np.cos(angle) + (columns - garment.centre[1]) * np.sin(angle) - away
    share = (side / rng.uniform(1, 4) + 0.5).clip(0, 1)[..., None]
    table = _paper(rng, 150, 245)
    beyond = table * rng.uniform(0.35, 0.85) + rng.uniform(-25, 25, 3)
    grounds = _plain(shape, table) + (beyond - table) * share
    if rng.random() < 0.5:
        grounds = _plain(shape, table + beyond) - grounds
    lit: Floats = grounds * (1 - rng.uniform(0, 0.15) * _slope(shape, rng))[..., None]
    return lit


def _wood(garment: Garment, rng: np.random.Generator) -> Floats:
    """Boards with a grain: warped stripes, fine fibres, and joints."""
    shape = garment.alpha.shape
    across = rng.random() < 0.5
    size = shape[::-1] if across else shape
    rows, columns = np.arange(size[0])[:, None], np.arange(size[1])[None, :]
    warp = _clouds(size, 4, rng) * rng.uniform(5, 25)
    rings = np.sin((rows + warp) * 2 * np.pi / rng.uniform(12, 50) + 0 * columns)
    fibres = np.asarray(
        Image.fromarray(rng.normal(0, 1, (size[0], 8)).astype(np.float32)).resize(
            (size[1], size[0]), Image.Resampling.BILINEAR
        )
    )
    light = 1 + rng.uniform(0.03, 0.10) * rings + rng.uniform(0.01, 0.05) * fibres
    board = rng.uniform(90, 220)
    joints = (rows + int(rng.integers(0, 200))) % board
    light = np.where((joints < rng.uniform(1, 3)) & (rng.random() < 0.6), light * 0.7, light)
    colour = rng.uniform(130, 215) * np.array([1, rng.uniform(0.70, 0.85), rng.uniform(0.42, 0.68)])
    grain = light.T if across else light
    return _plain(shape, colour) * (grain * (1 - rng.uniform(0, 0.15) * _slope(shape, rng)))[..., None]


def _dark(garment: Garment, rng: np.random.Generator) -> Floats:
    """A dark table or cloth, uneven and with a texture."""
    shape = garment.alpha.shape
    colour = rng.uniform(15, 65) + rng.normal(0, 5, 3)
    light = 1 + 0.15 * _clouds(shape, 3, rng) + rng.uniform(0, 0.1) * rng.normal(0, 1, shape)
    return _plain(shape, colour) * (light * (1 - rng.uniform(0, 0.3) * _slope(shape, rng)))[..., None]


_BACKDROPS = {
    "white": _white,
    "uneven light": _uneven_light,
    "soft shadow": _soft_shadow,
    "table edge": _table_edge,
    "wood": _wood,
    "dark": _dark,
}


def photo_rng(seed: int, ground: str, position: int) -> np.random.Generator:
    """Return the random numbers of one photo."""
    return np.random.default_rng([seed, GROUNDS.index(ground), position])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=pathlib.Path, help="folder for the photos")
    parser.add_argument("-n", "--count", type=int, default=10, help="photos of each ground")
    parser.add_argument("--data", default="fashion-mnist-mini")
    parser.add_argument("--split", default="train", choices=("train", "test"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    images = load(options.data, options.split).images
    options.out.mkdir(parents=True, exist_ok=True)
    for ground in GROUNDS:
        for position in range(options.count):
            photo = make_photo(images[position][..., 0], ground, photo_rng(options.seed, ground, position))
            path = options.out / f"{ground.replace(' ', '-')}-{position}.jpg"
            path.write_bytes(photo.content)
    print(f"{options.out}: {len(GROUNDS) * options.count} photos")


if __name__ == "__main__":
    main()

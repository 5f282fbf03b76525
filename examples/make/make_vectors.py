"""Make tests/data/photo/vectors.npz: pictures, and what the whole-number preparation makes of them.

    python examples/make/make_vectors.py

`PICTURE/pixels` is a decoded picture (H, W, C) and `PICTURE/alpha` its alpha, or an empty array.
`PICTURE-.../image` is the result (h, w, c) of a case. `PICTURE-.../settings`: the kind (0 fashion, 1 digits), the
polarity of the model (0 light on dark, 1 dark on light, 2 any), and whether the picture is trimmed; pictures that
have the model's size are what `none` takes. The kind `resize` has `PICTURE-.../fit` instead (0 pad, 1 crop,
2 stretch). The docstrings of frame.py, reading.py and whole.py in vaecli/data/photo/ define the arithmetic.
"""

import pathlib

import numpy as np
from PIL import Image

from vaecli.choices import FITS, POLARITIES
from vaecli.data.photo.decode import Opened
from vaecli.data.photo.frame import prepare_array
from vaecli.data.photo.reading import Reading

TARGET = pathlib.Path(__file__).parents[2] / "tests" / "data" / "photo" / "vectors.npz"


def pictures(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return pictures (H, W, C), some with alpha as the last channel of two or four."""
    page = np.full((61, 47, 3), 255, np.uint8)
    page[9:50, 11:30] = rng.integers(0, 180, (41, 19, 3))
    page[20:30, 15:20] = 255
    dark = np.full((40, 90, 3), (12, 20, 16), np.uint8)
    dark[8:30, 30:77] = rng.integers(60, 256, (22, 47, 3))
    strokes = np.full((120, 100, 1), 250, np.uint8)
    strokes[20:100, 48:50] = 10
    strokes[20:22, 30:50] = 10
    pale = np.full((50, 50, 1), 240, np.uint8)
    pale[10:44, 12:35] = rng.integers(150, 200, (34, 23, 1))
    square = np.full((28, 28, 3), 250, np.uint8)
    square[6:22, 4:24] = rng.integers(0, 200, (16, 20, 3))
    clear = np.zeros((33, 29, 4), np.uint8)
    clear[5:28, 4:25] = rng.integers(0, 256, (23, 21, 4))
    texture = rng.integers(0, 256, (31, 44, 3)).astype(np.uint8)
    small = rng.integers(0, 256, (9, 13, 1)).astype(np.uint8)
    return {
        "page": page,
        "dark": dark,
        "strokes": strokes,
        "pale": pale,
        "clear": clear,
        "texture": texture,
        "small": small,
        "blank": np.full((7, 5, 3), 77, np.uint8),
        "large": np.repeat(np.repeat(rng.integers(0, 256, (25, 21, 3), np.uint8), 9, axis=0), 13, axis=1),
        "square": square,
        "wide": rng.integers(0, 256, (20, 32, 4), np.uint8),
    }


def read(picture: np.ndarray, reading: Reading) -> np.ndarray:
    """Return a picture (H, W, 1 to 4) as `reading` makes it."""
    image = Image.fromarray(picture[..., 0] if picture.shape[2] == 1 else picture)
    return reading.apply(Opened(image, image.size, image.mode, ()))


def main() -> None:
    arrays = {}
    for name, picture in pictures(np.random.default_rng(0)).items():
        has_alpha = picture.shape[2] in (2, 4)
        pixels = picture[..., :-1] if has_alpha else picture
        alpha = picture[..., -1] if has_alpha else None
        arrays[f"{name}/pixels"] = pixels
        arrays[f"{name}/alpha"] = np.zeros((0, 0), np.uint8) if alpha is None else alpha
        for kind, digits in enumerate((False, True)):
            for code, polarity in enumerate(POLARITIES):
                for shape in ((28, 28, 1), (20, 32, 3)):
                    trim = code != 2
                    case = f"{name}-{kind}-{code}-{shape[2]}"
                    image = prepare_array(pixels, alpha, shape, polarity, digits=digits, trim=trim)
                    arrays[f"{case}/settings"] = np.array([kind, code, trim], np.uint8)
                    arrays[f"{case}/image"] = image
        for code, fit in enumerate(FITS):
            for height, width, channels in ((28, 28, 1), (20, 32, 3)):
                case = f"{name}-resize-{code}-{channels}"
                reading = Reading(height=height, width=width, channels=channels, fit=fit)
                arrays[f"{case}/fit"] = np.array([code], np.uint8)
                arrays[f"{case}/image"] = read(picture, reading)
    np.savez_compressed(TARGET, allow_pickle=False, **arrays)
    print(f"{TARGET.name}: {len(arrays) // 2} cases, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

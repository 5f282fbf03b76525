"""Make examples/photos/before-and-after.png: ten photos of each ground, and below each what the model sees.

python examples/make/make_photo_sheet.py
"""

import pathlib
import tempfile

import numpy as np
from make_scenes import GROUNDS, make_photo, photo_rng
from PIL import Image, ImageOps

from vaecli.data.load import load
from vaecli.data.photo.prepare import Preparation

TARGET = pathlib.Path(__file__).parents[1] / "photos" / "before-and-after.png"
SIDE, COUNT = 84, 10


def main() -> None:
    images = load("fashion-mnist-mini", "train").images
    preparation = Preparation(shape=(28, 28, 1), polarity="light-on-dark")
    sheet = Image.new("RGB", (COUNT * SIDE, len(GROUNDS) * 2 * SIDE), "white")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "photo.jpg"
        for row, ground in enumerate(GROUNDS):
            for column in range(COUNT):
                path.write_bytes(
                    make_photo(images[column][..., 0], ground, photo_rng(0, ground, column)).content
                )
                with Image.open(path) as photo:
                    before = ImageOps.pad(ImageOps.exif_transpose(photo), (SIDE - 4, SIDE - 4), color="white")
                seen = np.repeat(np.repeat(preparation.load(path).image[..., 0], 3, axis=0), 3, axis=1)
                after = Image.fromarray(seen).resize((SIDE - 4, SIDE - 4), Image.Resampling.NEAREST)
                sheet.paste(before, (column * SIDE, 2 * row * SIDE))
                sheet.paste(after, (column * SIDE, (2 * row + 1) * SIDE))
    TARGET.parent.mkdir(exist_ok=True)
    sheet.quantize(128).save(TARGET, optimize=True)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()

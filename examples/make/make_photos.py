"""Make shirt.png and boot.png, the two pictures that the README interpolates between.

    python examples/make/make_photos.py

Each is an image of the bundled test set (Fashion-MNIST, MIT, Zalando SE), enlarged, coloured and placed
off-centre on a white page. They stand for a user's own photos: size, mode and background differ from what the
model takes.
"""

import pathlib

import numpy as np
from PIL import Image

from vaecli.data.load import load

FOLDER = pathlib.Path(__file__).parent.parent
PHOTOS = {"shirt": (6, 3, (40, 70, 130)), "boot": (9, 0, (110, 60, 30))}  # class, index within it, colour


def main() -> None:
    data = load("fashion-mnist-mini", "test")
    for name, (label, index, colour) in PHOTOS.items():
        grey = Image.fromarray(data.images[int(np.flatnonzero(data.labels == label)[index])][..., 0])
        mask = np.asarray(grey.resize((336, 336), Image.Resampling.LANCZOS), np.float32)[..., None] / 255
        subject = Image.fromarray((255 - mask * (255 - np.array(colour))).astype(np.uint8))
        page = Image.new("RGB", (480, 420), "white")
        page.paste(subject, (90, 40))
        page.save(FOLDER / f"{name}.png", optimize=True)
        print(FOLDER / f"{name}.png")


if __name__ == "__main__":
    main()

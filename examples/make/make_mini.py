"""Make the bundled subset fashion-mnist-mini from the real Fashion-MNIST.

    python examples/make/make_mini.py    # writes fashion-mnist-mini-{train,test}.png in vaecli/data/named/bundled_files

The choice is the first 600 training and 100 test images of each class, in the order of the original files.
The PNG files are the same byte for byte with the same Pillow and zlib; the pixels are the same with any.
"""

import pathlib

from PIL import Image

from vaecli.data.load import load
from vaecli.data.named import bundled

BUNDLED = pathlib.Path(bundled.__file__).parent / "bundled_files"


def main() -> None:
    for split in bundled.PER_CLASS:
        real = load("fashion-mnist", split, warn=print)
        images = real.images[bundled.chosen(real.labels, split)]
        path = BUNDLED / f"fashion-mnist-mini-{split}.png"
        Image.fromarray(bundled.to_sheet(images)).save(path, optimize=True)
        bundled.load_mini.cache_clear()
        print(f"{path}: {path.stat().st_size:,} bytes, {len(images):,} images")
        print(f"  sha256 {bundled.load_mini(split).sha256}")


if __name__ == "__main__":
    main()

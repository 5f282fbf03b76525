"""Make the bundled subset fashion-mnist-mini from the real Fashion-MNIST.

    python examples/make_mini.py            # writes vaecli/data/bundled/fashion-mnist-mini-{train,test}.png

The choice is the first 600 training and 100 test images of each class, in the order of the original files.
The PNG files are the same byte for byte with the same Pillow and zlib; the pixels are the same with any.
"""

import pathlib

from PIL import Image

from vaecli.data import load, mini

BUNDLED = pathlib.Path(mini.__file__).parent / "bundled"


def main() -> None:
    for split in mini.PER_CLASS:
        real = load("fashion-mnist", split, warn=print)
        images = real.images[mini.chosen(real.labels, split)]
        path = BUNDLED / f"fashion-mnist-mini-{split}.png"
        Image.fromarray(mini.to_sheet(images)).save(path, optimize=True)
        mini.load_mini.cache_clear()
        print(f"{path}: {path.stat().st_size:,} bytes, {len(images):,} images")
        print(f"  sha256 {mini.load_mini(split).sha256}")


if __name__ == "__main__":
    main()

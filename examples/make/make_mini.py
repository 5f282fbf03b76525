"""Make the bundled subset fashion-mnist-mini from Fashion-MNIST.

    python examples/make/make_mini.py

Writes fashion-mnist-mini-train.png and -test.png into vaecli/data/named/bundled_files: the first 600 training
images and the first 100 test images of each class, in the order of the original files. The pixels do not
depend on the versions of Pillow and zlib; the compressed bytes do.
"""

import pathlib

from PIL import Image

from vaecli.data.load import load
from vaecli.data.named import bundled

BUNDLED = pathlib.Path(bundled.__file__).parent / "bundled_files"


def main() -> None:
    for split in bundled.PER_CLASS:
        real = load("fashion-mnist", split, warn=print)
        if real.labels is None:
            raise SystemExit("Fashion-MNIST came without labels.")
        images = real.images[bundled.subset_indices(real.labels, split)]
        path = BUNDLED / f"fashion-mnist-mini-{split}.png"
        Image.fromarray(bundled.to_sheet(images)).save(path, optimize=True)
        bundled.load_mini.cache_clear()
        print(f"{path}: {path.stat().st_size:,} bytes, {len(images):,} images")
        print(f"  sha256 {bundled.load_mini(split).sha256}")


if __name__ == "__main__":
    main()

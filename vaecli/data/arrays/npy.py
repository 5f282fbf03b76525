"""Images from one .npy file."""

import contextlib
import pathlib
from collections.abc import Iterator
from typing import IO

from vaecli.choices import Split
from vaecli.data.arrays.header import Header, read_header
from vaecli.data.arrays.shape import image_shape
from vaecli.data.arrays.values import read_pixels
from vaecli.data.collection.report import Report
from vaecli.data.file_images import StreamedImages
from vaecli.data.idx.folder import STREAM_ABOVE
from vaecli.data.images import Images, ImageSet, require_room
from vaecli.errors import DataError, MissingPartError
from vaecli.paths import shown

AS_BYTES = "Save it as bytes, images.astype(np.uint8), which are read from the file when needed."


def load_npy(path: pathlib.Path, split: Split, *, size: tuple[int, int] | None = None) -> ImageSet:
    """Load the images of a .npy file, which is all training data and has no labels.

    Args:
        path: the file.
        split: `test` is refused.
        size: rows and columns of each image, for an array (N, H * W) of flattened images.

    Raises:
        MissingPartError: `split` is not `train`.
        DataError: a damaged file, or an array of another shape or range.
    """
    if split != "train":
        raise one_set_only(path, split)
    with reading(path) as file:
        header = read_header(file, path.stat().st_size, shown(path))
    shape = image_shape(header.shape, size, header.source)
    return ImageSet(
        path.stem,
        split,
        _images(path, header, shape),
        None,
        (),
        str(path),
        report=Report(layout=f"a NumPy array of the shape {header.shape}"),
    )


def one_set_only(path: pathlib.Path, split: Split) -> MissingPartError:
    """Return the error for `split`, the test images, asked of a file that holds training images alone."""
    return MissingPartError(
        f"{path} must have images of the {split} set, got one set of images, for training.",
        hint="Save both in one file: np.savez('data.npz', x_train=..., x_test=...).",
    )


@contextlib.contextmanager
def reading(path: pathlib.Path) -> Iterator[IO[bytes]]:
    """Open a file to read.

    Raises:
        DataError: the operating system cannot open or read the file.
    """
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise DataError(f"Cannot read {path}: {error.strerror or error}.") from error


def _images(path: pathlib.Path, header: Header, shape: tuple[int, int, int, int]) -> Images:
    """Read the images into memory; leave those of a large uint8 array in the file, to be read when indexed."""
    is_plain = header.dtype == "uint8" and not header.fortran
    if is_plain and header.count > STREAM_ABOVE:
        return StreamedImages(path, header.length, shape)
    require_room(shape, header.source, hint=AS_BYTES)

    @contextlib.contextmanager
    def data() -> Iterator[IO[bytes]]:
        with reading(path) as file:
            file.seek(header.length)
            yield file

    images = read_pixels(header, data).reshape(shape)
    images.flags.writeable = False
    return images

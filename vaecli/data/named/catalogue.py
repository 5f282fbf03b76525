"""The data sets known by name: their files, mirrors and hashes."""

import dataclasses
import difflib
from typing import Literal

from vaecli.choices import Split
from vaecli.data.idx import format
from vaecli.errors import DataError
from vaecli.paths import shown

Part = Literal["images", "labels"]

FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
DIGITS = tuple("0123456789")
HIRAGANA = tuple("おきすつなはまやれを")


@dataclasses.dataclass(frozen=True)
class DataFile:
    """One file of a data set.

    Attributes:
        split: `train` or `test`.
        part: `images` or `labels`.
        shape: of the array in it.
        sha256: in hexadecimal.
        hash_of: `content`, the uncompressed IDX content, or `file`, the .gz file as it was published.
    """

    split: Split
    part: Part
    shape: tuple[int, ...]
    sha256: str
    hash_of: Literal["content", "file"]

    @property
    def name(self) -> str:
        """Name of the file on all mirrors."""
        prefix = "train" if self.split == "train" else "t10k"
        return f"{prefix}-{self.part}-idx{len(self.shape)}-ubyte.gz"

    @property
    def length(self) -> int:
        """Number of bytes of the uncompressed IDX content."""
        return format.content_length(self.shape)


@dataclasses.dataclass(frozen=True)
class DataSet:
    """An entry of the catalogue.

    Attributes:
        name: as users type it.
        description: the images in a few words.
        licence: name of the licence, and who holds the copyright.
        class_names: the name of each label.
        train_count: number of training images.
        test_count: number of test images.
        files: none for the bundled subset.
        mirrors: URLs that end in a slash, in the order in which they are tried.
        package: the Debian package that installs the files; empty if there is none.
    """

    name: str
    description: str
    licence: str
    class_names: tuple[str, ...]
    train_count: int
    test_count: int
    files: tuple[DataFile, ...] = ()
    mirrors: tuple[str, ...] = ()
    package: str = ""

    def file(self, split: Split, part: Part) -> DataFile:
        """Return the file that holds `part` of `split`."""
        return next(file for file in self.files if (file.split, file.part) == (split, part))


def _files(hash_of: Literal["content", "file"], *sha256: str) -> tuple[DataFile, ...]:
    """Return the four files of 60,000 training and 10,000 test images of 28 x 28.

    Args:
        hash_of: see `DataFile`.
        sha256: their hashes, in the order: training images, training labels, test images, test labels.
    """
    return (
        DataFile("train", "images", (60_000, 28, 28), sha256[0], hash_of),
        DataFile("train", "labels", (60_000,), sha256[1], hash_of),
        DataFile("test", "images", (10_000, 28, 28), sha256[2], hash_of),
        DataFile("test", "labels", (10_000,), sha256[3], hash_of),
    )


FASHION_MNIST = DataSet(
    name="fashion-mnist",
    description="articles of clothing, 28 x 28 grey",
    licence="MIT, Zalando SE",
    class_names=FASHION,
    train_count=60_000,
    test_count=10_000,
    # Computed with `zcat FILE | sha256sum` from Debian's dataset-fashion-mnist 0.0~git20200523.55506a9-1.
    files=_files(
        "content",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
    mirrors=(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    ),
    package="dataset-fashion-mnist",
)

FASHION_MNIST_MINI = DataSet(
    name="fashion-mnist-mini",
    description="600 + 100 of each class of fashion-mnist, bundled",
    licence="MIT, Zalando SE",
    class_names=FASHION,
    train_count=6_000,
    test_count=1_000,
)

MNIST = DataSet(
    name="mnist",
    description="handwritten digits, 28 x 28 grey",
    licence="CC BY-SA 3.0, LeCun and Cortes",
    class_names=DIGITS,
    train_count=60_000,
    test_count=10_000,
    # Hashes of the .gz files: tensorflow/datasets, tensorflow_datasets/url_checksums/mnist.txt.
    files=_files(
        "file",
        "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
    ),
    mirrors=(  # those of tensorflow/datasets and of pytorch/vision, then a copy on GitHub
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://raw.githubusercontent.com/fgnt/mnist/master/",
    ),
)

KMNIST = DataSet(
    name="kmnist",
    description="cursive hiragana (Kuzushiji-MNIST), 28 x 28 grey",
    licence="CC BY-SA 4.0, CODH",
    class_names=HIRAGANA,
    train_count=60_000,
    test_count=10_000,
    # Hashes of the .gz files: tensorflow/datasets, tensorflow_datasets/url_checksums/kmnist.txt.
    files=_files(
        "file",
        "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
        "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
        "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
        "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
    ),
    mirrors=(  # the makers' server is the only one known; some networks allow only one of http and https
        "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ),
)

CATALOGUE = {entry.name: entry for entry in (FASHION_MNIST, FASHION_MNIST_MINI, MNIST, KMNIST)}


def lookup(name: str) -> DataSet:
    """Return the entry called `name`.

    Raises:
        DataError: no entry has that name; the message has the nearest name, the hint all names.
    """
    if name in CATALOGUE:
        return CATALOGUE[name]
    near = difflib.get_close_matches(name[:80].lower(), CATALOGUE, n=1, cutoff=0.5)
    guess = f" Did you mean {near[0]}?" if near else ""
    raise DataError(
        f"There is no data set or folder named {shown(name)!r}.{guess}",
        hint=f"Names: {', '.join(CATALOGUE)}; or a path: --data FOLDER.",
    )

"""Archives of pictures: members, limits, damage. Each archive is a real file; nothing is unpacked."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib

import pytest

from vaecli.data.collection.archives import Limits
from vaecli.data.collection.load import load_collection
from vaecli.data.collection.source import open_source
from vaecli.data.photo.reading import ReadingOptions
from vaecli.errors import DataError

TARS = {".tar": "w", ".tar.gz": "w:gz", ".tar.bz2": "w:bz2", ".tar.xz": "w:xz"}
FORMATS = [".zip", *TARS]
PACKED_TARS = [".tar.gz", ".tar.bz2", ".tar.xz"]


def make(path, files, **attributes):
    """Write an archive with `files`, contents by name; `attributes` are those of each tar member."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path
    with tarfile.open(path, TARS["".join(path.suffixes)]) as archive:
        for name, content in files.items():
            add(archive, name, content, **attributes)
    return path


def add(archive, name, content=b"", **attributes):
    """Add a member to an open tar archive."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in attributes.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(content))


def contents(listing, names=None):
    """Return the content of each picture of a listing by its name."""
    names = listing.names if names is None else names
    return dict(zip(names, listing.contents(iter(names)), strict=True))


def reasons(listing):
    return dict(listing.bad_files)


@pytest.fixture
def png(write, tmp_path):
    """The contents of three PNG files."""
    write(tmp_path / "made", 3)
    return [path.read_bytes() for path in sorted((tmp_path / "made").iterdir())]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_is_listed_and_read(tmp_path, png, suffix):
    """Names, sizes, labels and contents of all kinds of archives; the name of the set is without suffixes."""
    files = {
        "top/cat/1.png": png[0],
        "top/dog/2.PNG": png[1],
        "top/dog/no-suffix": png[2],
        "top/notes.txt": b"Read me.",
    }
    listing = open_source(make(tmp_path / f"my pictures{suffix}", files))
    assert listing.name == "my pictures"
    assert contents(listing) == {name: files[name] for name in list(files)[:3]}
    assert listing.sizes.tolist() == [len(content) for content in png]
    assert (listing.class_names, listing.labels.tolist(), listing.ignored) == (("cat", "dog"), [0, 1, 1], 1)


@pytest.mark.parametrize("suffix", FORMATS)
def test_contents_of_some(tmp_path, png, suffix):
    """Contents are those of the names asked for: some of them, one, backwards, and again."""
    files = {f"{number}.png": png[number] for number in range(3)}
    listing = open_source(make(tmp_path / f"a{suffix}", files))
    for names in (["0.png", "2.png"], ["1.png"], ["2.png", "0.png"], [], ["0.png", "2.png"]):
        assert contents(listing, names) == {name: files[name] for name in names}


@pytest.mark.parametrize("suffix", FORMATS)
def test_load_from_an_archive(tmp_path, png, suffix):
    """The pictures of an archive become images, and nothing is unpacked beside it."""
    archive = make(tmp_path / f"a{suffix}", {f"{number}.png": png[number] for number in range(3)})
    before = sorted(path.name for path in tmp_path.iterdir())
    loaded = load_collection(open_source(archive), "train", ReadingOptions())
    assert loaded.images.shape == (3, 32, 32, 1)
    assert sorted({path.name for path in tmp_path.iterdir()} - {"cache"}) == before


def test_order(tmp_path, png):
    """Pictures of a .zip and a plain .tar are in natural order, those of a compressed .tar in its own."""
    files = dict.fromkeys(["img10.png", "img2.png", "img1.png"], png[0])
    natural = ["img1.png", "img2.png", "img10.png"]
    for suffix in FORMATS:
        expected = list(files) if suffix in PACKED_TARS else natural
        assert open_source(make(tmp_path / f"a{suffix}", files)).names == expected


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/a.png", "has an absolute path"),
        ("C:\\a.png", "has an absolute path"),
        ("C:/a.png", "has an absolute path"),
        ("../a.png", "leads out"),
        ("b/../../a.png", "leads out"),
        ("b\\..\\..\\a.png", "leads out"),
    ],
)
def test_names_that_escape(tmp_path, png, suffix, name, reason):
    """A member that would be unpacked elsewhere is left out, with the reason; the others are read."""
    listing = open_source(make(tmp_path / f"a{suffix}", {name: png[0], "good.png": png[1]}))
    assert contents(listing) == {"good.png": png[1]}
    assert reason in "".join(reasons(listing).values())


def test_names_of_windows(tmp_path, png):
    """Backslashes of an archive made on Windows separate folders; those of one made on Unix are letters."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for system, name in ((0, "cat\\1.png"), (3, "dog/a\\b.png")):
            info = zipfile.ZipInfo("x")
            info.filename, info.create_system = name, system
            archive.writestr(info, png[0])
    listing = open_source(path)
    assert listing.names == ["cat/1.png", "dog/a\\b.png"]
    assert contents(listing) == dict.fromkeys(listing.names, png[0])


@pytest.mark.parametrize("suffix", FORMATS)
def test_dots_in_names(tmp_path, png, suffix):
    """`./cat//1.png` is `cat/1.png`; hidden members and those of macOS are skipped."""
    files = {
        "./cat//1.png": png[0],
        "./dog/2.png": png[1],
        "__MACOSX/cat/._1.png": b"x",
        ".git/a.png": png[2],
    }
    listing = open_source(make(tmp_path / f"a{suffix}", files))
    assert contents(listing) == {"cat/1.png": png[0], "dog/2.png": png[1]}
    assert listing.class_names == ("cat", "dog")
    assert not listing.bad_files


@pytest.mark.parametrize("suffix", TARS)
def test_links_and_devices(tmp_path, png, suffix):
    """Links, devices and pipes in a .tar are left out, with reasons."""
    path = tmp_path / f"a{suffix}"
    kinds = {
        "link.png": tarfile.SYMTYPE, "hard.png": tarfile.LNKTYPE, "block.png": tarfile.BLKTYPE,
        "character.png": tarfile.CHRTYPE, "pipe.png": tarfile.FIFOTYPE,
    }  # fmt: skip
    with tarfile.open(path, TARS[suffix]) as archive:
        add(archive, "folder", type=tarfile.DIRTYPE)
        add(archive, "good.png", png[0])
        for name, kind in kinds.items():
            add(archive, name, type=kind, linkname="/etc/passwd")
    listing = open_source(path)
    assert contents(listing) == {"good.png": png[0]}
    assert sorted(reasons(listing)) == sorted(kinds)
    assert [reasons(listing)[name] for name in ("link.png", "hard.png")] == ["is a link, not a file"] * 2
    assert reasons(listing)["block.png"] == "is a device or pipe, not a file"


def test_links_in_a_zip(tmp_path, png):
    """A link in a .zip is left out."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("link.png")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
        archive.writestr("good.png", png[0])
    listing = open_source(path)
    assert contents(listing) == {"good.png": png[0]}
    assert reasons(listing) == {"link.png": "is a link, not a file"}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("suffix", FORMATS)
def test_the_later_of_two_members_counts(tmp_path, png, suffix):
    """The later of two members with one name counts, as it does when the archive is unpacked."""
    path = tmp_path / f"a{suffix}"
    if suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in (("a.png", png[0]), ("b.png", png[1]), ("a.png", png[2])):
                archive.writestr(name, content)
    else:
        with tarfile.open(path, TARS[suffix]) as archive:
            for name, content in (("a.png", png[0]), ("b.png", png[1]), ("a.png", png[2])):
                add(archive, name, content)
    listing = open_source(path)
    assert contents(listing) == {"a.png": png[2], "b.png": png[1]}


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_compression_of_zip(tmp_path, png, method):
    """All compressions of the standard library are read, also large members, and streams with sizes at the end."""
    large = bytes(range(256)) * 4096
    path = tmp_path / "a.zip"
    with path.open("wb") as file, zipfile.ZipFile(Unseekable(file), "w", method) as archive:
        archive.writestr("a.png", png[0])
        archive.writestr("large.png", large)
        archive.writestr("no-suffix", png[1])
    assert contents(open_source(path)) == {"a.png": png[0], "large.png": large, "no-suffix": png[1]}


class Unseekable(io.RawIOBase):
    """A file that is written as a pipe is: the sizes of members follow them."""

    def __init__(self, file):
        self.file = file

    def writable(self):
        return True

    def write(self, content):
        return self.file.write(content)


def patch(path, signature, offset, form, value, *, which=0):
    """Overwrite a field after an occurrence of a signature in a file."""
    content = bytearray(path.read_bytes())
    place = -1
    for _ in range(which + 1):
        place = content.index(signature, place + 1)
    struct.pack_into(form, content, place + offset, value)
    path.write_bytes(content)


CENTRAL = b"PK\1\2"


@pytest.mark.parametrize(
    ("offset", "value", "reason"),
    [(8, 1, "is encrypted"), (10, 99, "is compressed by method 99, which cannot be read")],
)
def test_members_that_cannot_be_read(tmp_path, png, offset, value, reason):
    """An encrypted member, and one of an unknown compression, are left out, with reasons."""
    path = make(tmp_path / "a.zip", {"a.png": png[0], "b.png": png[1]})
    patch(path, CENTRAL, offset, "<H", value)
    listing = open_source(path)
    assert contents(listing) == {"b.png": png[1]}
    assert reasons(listing) == {"a.png": reason}


def test_zip64(tmp_path, png):
    """Sizes and the end of 64 bits are read, as programs write them for streams."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        with archive.open("a.png", "w", force_zip64=True) as member:
            member.write(png[0])
        archive.writestr("b.png", png[1])
    content = path.read_bytes()
    place = content.index(b"PK\5\6")
    length, offset = struct.unpack_from("<2L", content, place + 12)
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, 2, 2, length, offset)
    end = struct.pack("<4sLQL", b"PK\6\7", 0, place, 1) + struct.pack(
        "<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0
    )
    path.write_bytes(content[:place] + end64 + end)
    assert contents(open_source(path)) == {"a.png": png[0], "b.png": png[1]}


def test_a_damaged_member_is_bad(tmp_path, png):
    """A member whose bytes have changed is a bad file; the others are read."""
    path = make(tmp_path / "a.zip", {f"{number}.png": png[number] for number in range(3)})
    content = bytearray(path.read_bytes())
    content[content.index(png[1]) + 40] ^= 1
    path.write_bytes(content)
    listing = open_source(path)
    loaded = load_collection(listing, "train", ReadingOptions(), allow_bad=True)
    assert loaded.report.bad_files == (("1.png", "is damaged in the archive"),)
    assert len(loaded.images) == 2


def test_a_member_larger_than_declared_is_damaged(tmp_path):
    """No more than the declared size is unpacked."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(2**22))
    patch(path, CENTRAL, 24, "<L", 100)
    assert isinstance(contents(open_source(path))["a.png"], DataError)


def test_a_list_of_members_that_is_damaged(tmp_path, png):
    """Damage to the list of members of a .zip is an error that names the archive."""
    path = make(tmp_path / "a.zip", {"a.png": png[0], "b.png": png[1]})
    sound = path.read_bytes()
    for offset, form, value in ((0, "<L", 0), (28, "<H", 9999), (30, "<H", 9999)):
        path.write_bytes(sound)
        patch(path, CENTRAL, offset, form, value)
        with pytest.raises(
            DataError, match=r"Cannot read the archive .*a\.zip: its list of members is damaged"
        ):
            open_source(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_cut_is_an_error_or_leaves_sound_members(tmp_path, png, suffix):
    """An archive that is cut short anywhere gives an error that names it, or sound members, never others."""
    files = {f"{number}.png": png[number] for number in range(3)}
    path = make(tmp_path / f"a{suffix}", files)
    sound = path.read_bytes()
    for length in range(2, len(sound), max(1, len(sound) // 50)):
        path.write_bytes(sound[:length])
        try:
            listing = open_source(path)
            read = contents(listing)
        except DataError as error:
            assert f"a{suffix}" in error.message
            continue
        assert suffix != ".zip"  # a .tar ends with a run of zeros
        assert read.items() <= files.items()


@pytest.mark.parametrize("suffix", FORMATS)
def test_flipped_bytes_never_leave_the_family_of_errors(tmp_path, png, suffix):
    """Damage anywhere gives a DataError, or a listing whose contents are bytes or errors."""
    path = make(tmp_path / f"a{suffix}", {f"{number}.png": png[number] for number in range(3)})
    sound = path.read_bytes()
    for place in range(2, len(sound), max(1, len(sound) // 50)):
        damaged = bytearray(sound)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        try:
            assert all(
                isinstance(content, bytes | DataError) for content in contents(open_source(path)).values()
            )
        except DataError:
            continue


def test_a_damaged_description_does_not_end_a_tar_silently(tmp_path, png):
    """Members after a damaged description are not lost without a word."""
    path = make(tmp_path / "a.tar", {f"{number}.png": png[number] for number in range(3)})
    content = bytearray(path.read_bytes())
    content[content.index(b"1.png") + 148] ^= 1  # its checksum
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"the description of a member at byte [\d,]+ is damaged"):
        open_source(path)


def test_bombs(tmp_path, png):
    """A small archive that holds much more than pictures can is refused before it is unpacked."""
    limits = Limits(unpacked_bytes=2**20)
    zeros = {"a.png": png[0], "zeros.png": bytes(2**24)}
    for suffix in PACKED_TARS:
        with pytest.raises(DataError, match=r"must unpack to at most [\d,]+ bytes"):
            open_source(make(tmp_path / f"a{suffix}", zeros), limits=limits)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.png", bytes(2**24))
    with pytest.raises(DataError, match="must unpack to at most"):
        open_source(path, limits=limits)


def test_a_declared_size_of_gigabytes(tmp_path, png):
    """A size that is declared is counted, whatever the archive holds."""
    path = make(tmp_path / "a.zip", {"a.png": png[0]})
    patch(path, CENTRAL, 24, "<L", 2**31)
    with pytest.raises(DataError, match="must unpack to at most 1,073,741,824 bytes"):
        open_source(path)
    header = tarfile.TarInfo("a.png")
    header.size = 2**40
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(header.tobuf() + bytes(2**16)))
    with pytest.raises(DataError, match="must unpack to at most"):
        open_source(tmp_path / "a.tar.gz")


def test_members_that_overlap(tmp_path):
    """Members that share their packed bytes are refused: few bytes could become very many."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", os.urandom(2**16))
    content = path.read_bytes()
    place, end = content.index(CENTRAL), content.index(b"PK\5\6")
    entry = content[place:end]
    tail = bytearray(content[end:])
    struct.pack_into("<2HL", tail, 8, 20, 20, 20 * len(entry))
    path.write_bytes(content[:place] + entry * 20 + tail)
    with pytest.raises(DataError, match="members that overlap"):
        open_source(path)


@pytest.mark.parametrize("suffix", FORMATS)
def test_too_many_members(tmp_path, png, suffix):
    """An archive with more members than the limit is refused; with as many it is read."""
    path = make(tmp_path / f"a{suffix}", {f"{number}.png": png[number] for number in range(3)})
    assert len(open_source(path, limits=Limits(members=3)).names) == 3
    with pytest.raises(DataError, match="must have at most 2 members"):
        open_source(path, limits=Limits(members=2))


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_member_that_is_too_large(tmp_path, png, suffix):
    """A single member above the limit is a bad file."""
    path = make(tmp_path / f"a{suffix}", {"a.png": png[0], "b.png": os.urandom(5000)})
    listing = open_source(path, limits=Limits(member_bytes=4999))
    assert reasons(listing) == {"b.png": "is larger than 4,999 bytes"}
    assert listing.names == ["a.png"]


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_description_of_gigabytes(tmp_path, kind):
    """The extended description of a .tar member is not read at its declared size."""
    header = tarfile.TarInfo("x")
    header.size, header.type = 2**32, kind
    path = tmp_path / "a.tar.gz"
    path.write_bytes(gzip.compress(header.tobuf() + bytes(2**20)))
    with pytest.raises(DataError, match="description of a member is damaged or too large"):
        open_source(path)


def test_long_and_odd_names(tmp_path, png):
    """Long names, non-Latin letters, newlines, quotes and bytes that are not UTF-8 are names as others."""
    names = ["d" * 90 + "/" + "f" * 120 + ".png", "绘画/кошка.png", 'two\nlines".png', "byte\udcff.png"]
    for suffix in FORMATS:
        path = tmp_path / f"a{suffix}"
        written = names if suffix != ".zip" else names[:3]
        listing = open_source(make(path, dict.fromkeys(written, png[0])))
        assert sorted(listing.names) == sorted(written)
        assert contents(listing) == dict.fromkeys(listing.names, png[0])
        assert len(load_collection(listing, "train", ReadingOptions()).images) == len(written)


def test_names_of_a_zip_without_the_flag_of_utf8(tmp_path, png):
    """Names are UTF-8 where they can be, even if the flag is missing; else those of DOS."""
    path = make(tmp_path / "a.zip", {"12345.png": png[0], "abcdefg.png": png[1]})
    content = path.read_bytes().replace(b"12345.png", "äöx.png".encode()).replace(b"abcdefg", b"caf\x82XXX")
    path.write_bytes(content)
    assert contents(open_source(path)) == {"äöx.png": png[0], "caféXXX.png": png[1]}


def test_a_prefix(tmp_path, png):
    """A .zip behind other bytes that its offsets do not count is read, as that of a comment at its end."""
    path = make(tmp_path / "a.zip", {"a.png": png[0]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.comment = b"PK comment"
    path.write_bytes(b"PK, but no member here" + path.read_bytes())
    assert contents(open_source(path)) == {"a.png": png[0]}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.tar.gz", gzip.compress(b"no archive" * 100)),
        ("a.tar.bz2", bz2.compress(b"")),
        ("a.tar.xz", lzma.compress(b"x")),
        ("a.tar", b"x" * 2000),
    ],
    ids=[
        "gzip",
        "bzip2",
        "xz",
        "none",
    ],  # the bytes of gzip have the time in them, and workers must agree on names
)
def test_other_data(tmp_path, name, content):
    """Data that are no archive are an error that names the file and says so."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=f"{name} must be a .zip or .tar archive, got other data"):
        open_source(tmp_path / name)


@pytest.mark.parametrize("suffix", FORMATS)
def test_an_archive_that_changes(tmp_path, png, suffix):
    """An archive that is replaced after it was listed, or while it is read, is an error that says so."""
    files = {f"{number}.png": png[number] for number in range(3)}
    path = make(tmp_path / f"a{suffix}", files)
    listing = open_source(path)
    stream = listing.contents(iter(listing.names))
    next(stream)
    make(path, {"other.png": png[0]})
    os.utime(path, ns=(1, 1))
    with pytest.raises(DataError, match="changed while it was read"):
        next(stream)
    with pytest.raises(DataError, match="changed while it was read"):
        contents(listing)
    path.unlink()
    with pytest.raises(DataError, match="Cannot read the archive"):
        contents(listing)


@pytest.mark.parametrize("suffix", FORMATS)
def test_times_change_with_the_contents(tmp_path, png, suffix):
    """The time of a member tells contents of one size apart, and is that of every process."""
    changed = bytearray(png[0])
    changed[-20] ^= 1
    times = []
    for content in (png[0], bytes(changed)):
        path = make(tmp_path / f"a{suffix}", {"a.png": content})
        times.append(open_source(path).times.tolist())
        assert times[-1] == open_source(path).times.tolist()
    assert times[0] != times[1]


@pytest.mark.parametrize("suffix", [".zip", *PACKED_TARS])
def test_times_do_not_depend_on_that_of_the_archive(tmp_path, png, suffix):
    """A copy of the archive, or the same pictures packed again, keep their times: nothing is decoded again."""
    path = make(tmp_path / f"a{suffix}", {"a.png": png[0]})
    listing = open_source(path)
    make(path, {"a.png": png[0], "b.png": png[1]})
    os.utime(path, ns=(10**18, 10**18))
    assert open_source(path).times.tolist()[0] == listing.times.tolist()[0] == zlib.crc32(png[0])


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("files", [{}, {"notes.txt": b"A text of some length."}])
def test_an_archive_without_pictures(tmp_path, suffix, files):
    """The error says what the archive holds instead."""
    expected = "got nothing" if not files else "got notes.txt"
    with pytest.raises(DataError, match=rf"a{suffix} must hold pictures, {expected}"):
        open_source(make(tmp_path / f"a{suffix}", files))


def test_tables_of_labels_in_an_archive(tmp_path, png):
    """A table of labels within an archive counts."""
    for suffix in FORMATS:
        files = {
            "top/1.png": png[0],
            "top/metadata.csv": b"file_name,label\n1.png,cat\n2.png,dog\n",
            "top/2.png": png[1],
        }
        listing = open_source(make(tmp_path / f"a{suffix}", files))
        assert (listing.names, listing.class_names) == (["top/1.png", "top/2.png"], ("cat", "dog"))
        assert listing.labels.tolist() == [0, 1]


def test_a_damaged_table_of_labels(tmp_path, png):
    """A table that is damaged in the archive is an error: its labels would be lost."""
    path = make(tmp_path / "a.zip", {"a.png": png[0], "metadata.csv": b"file_name,label\na.png,x\n"})
    sound = path.read_bytes()
    path.write_bytes(sound.replace(b"a.png,x\n", b"a.png,y\n"))
    with pytest.raises(DataError, match=r"metadata\.csv is damaged in the archive"):
        open_source(path)

"""Saved evaluations: read back as written, or refused with a reason."""

import dataclasses
import hashlib
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from vaecli.errors import DataError, OutputError
from vaecli.metrics.samples.table import SAMPLE_METRICS
from vaecli.metrics.saved import file


def stamped(content):
    """The bytes of an archive with a comment of 64 characters, with the right digest in its place."""
    return content[:-64] + hashlib.sha256(content[:-64]).hexdigest().encode()


def archive(path, members, *, compression=zipfile.ZIP_STORED):
    """Write members, name -> bytes, as an archive whose digest is right."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as written:
        for name, content in members.items():
            written.writestr(name, content)
        written.comment = b"0" * 64
    path.write_bytes(stamped(buffer.getvalue()))
    return path


def members_of(path):
    """Read the members of an archive, name -> bytes."""
    with zipfile.ZipFile(path) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def npy(array):
    """The bytes of a .npy file."""
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def rewrite(path, part, entry, value):
    """Set an entry of a part of about.npy in a saved file."""
    members = members_of(path)
    about = json.loads(np.load(io.BytesIO(members["about.npy"])).tobytes())
    about[part] |= {entry: value}
    members["about.npy"] = npy(np.frombuffer(json.dumps(about).encode(), np.uint8))
    archive(path, members)


@pytest.fixture
def path(here, make_saved, quality):
    """A saved evaluation of five images."""
    return file.write(here / "a.npz", make_saved(5, quality))


def test_reading_gives_what_was_written(path, make_saved, quality):
    """Every field, bit for bit."""
    saved, original = file.read(path), make_saved(5, quality)
    for field in dataclasses.fields(original):
        if field.name != "per_image":
            assert getattr(saved, field.name) == getattr(original, field.name), field.name
    assert saved.per_image.keys() == original.per_image.keys()
    for name, values in original.per_image.items():
        assert saved.per_image[name].tobytes() == values.tobytes()
    assert saved.values == original.values
    assert saved.values["frechet"] == 7.5 and saved.values["active_units"] == 2
    assert (saved.values["frechet_training"], saved.values["frechet_training_se"]) == (0.25, 0.01)
    assert (saved.values["copies"], saved.values["copies_se"]) == (0.9, 0.01)


def test_classes_that_latents_predict_are_kept(here, make_saved, probes):
    """Every share with its error, and whether the class of each image is right; those of latents are metrics."""
    original = make_saved(5, probes=probes)
    right = {"nearest": np.array([1.0, 1.0, 0.0, 1.0, 1.0])}
    original = dataclasses.replace(original, per_image=original.per_image | right)
    saved = file.read(file.write(here / "b.npz", original))
    assert saved.probes == probes
    assert (saved.values["nearest"], saved.values["linear_100_se"]) == (0.84, 0.004)
    np.testing.assert_array_equal(saved.values_of("nearest"), right["nearest"])
    np.testing.assert_array_equal(saved.values_of("nearest_100"), [0.66])


def test_a_file_without_them_has_no_entry_of_them(path):
    """So that files that were written before they could be kept are still read."""
    about = json.loads(np.load(io.BytesIO(members_of(path)["about.npy"])).tobytes())
    assert "probes" not in about and file.read(path).probes is None


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("rows", {"pixels": {"nearest": 0.5}}),
        ("rows", {"latents": {"nearest": 0.5}}),
        ("rows", {"latents": {"nearest": "0.5"}}),
        ("errors", {}),
        ("n_training", "2000"),
        ("training", None),
    ],
)
def test_classes_that_do_not_fit_together_are_refused(here, make_saved, probes, entry, value):
    """Latents among the rows, an error for each share: else the file is damaged."""
    path = file.write(here / "b.npz", make_saved(5, probes=probes))
    rewrite(path, "probes", entry, value)
    with pytest.raises(DataError, match="is damaged"):
        file.read(path)


def test_images_of_a_metric_that_was_not_measured_are_refused(here, make_saved):
    """Classes of images without the data that they are of."""
    path = file.write(here / "b.npz", make_saved(5))
    archive(path, members_of(path) | {"nearest.npy": npy(np.ones(5))})
    with pytest.raises(DataError, match="is damaged: nearest is no metric"):
        file.read(path)


def test_equal_evaluations_are_equal_files(path, here, make_saved, quality):
    """No date and no order changes the bytes."""
    assert file.write(here / "b.npz", make_saved(5, quality)).read_bytes() == path.read_bytes()


def test_numpy_reads_it_without_pickle(path, make_saved):
    """The values of a metric are an array of that name."""
    with np.load(path, allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["elbo"], make_saved(5).per_image["elbo"])


def test_any_flipped_bit_is_refused(path):
    """At every byte of the file."""
    content = path.read_bytes()
    for place in range(len(content)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"is damaged|is not a saved evaluation"):
            file.read(path)


@pytest.mark.parametrize("length", [0, 1, 20, 63, 64, 200, -1])
def test_a_file_that_was_cut_off_is_refused(path, length):
    """Wherever the copy stopped."""
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(DataError, match=r"is damaged|is not a saved evaluation"):
        file.read(path)


@pytest.mark.parametrize(("number", "words"), [(4, "got 4"), (2, "got 2"), (0, "got 0")])
def test_another_version_is_refused_by_its_number(path, number, words):
    """A format that this version does not know is never guessed at."""
    members = members_of(path)
    about = json.loads(np.load(io.BytesIO(members["about.npy"])).tobytes()) | {"format": number, "new": 1}
    members["about.npy"] = npy(np.frombuffer(json.dumps(about).encode(), np.uint8))
    archive(path, members)
    with pytest.raises(DataError, match=f"must have format 3, {words}.*pip install --upgrade vaecli"):
        file.read(path)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("metrics", ["elbo", 3]),
        ("metrics", ["elbo", "ssim"]),
        ("kl_dim", ["a"]),
        ("totals", {"active_units": "2"}),
        ("totals", {"active_units": 2, "units": 2}),
        ("totals", {"active_units": 2, "mse": 2}),
        ("conditions", {}),
        ("model", None),
        ("quality", []),
        ("created", "x" * 2000),
    ],
)
def test_entries_of_another_type_are_refused(path, entry, value):
    """Although the digest is right."""
    members = members_of(path)
    about = json.loads(np.load(io.BytesIO(members["about.npy"])).tobytes())
    members["about.npy"] = npy(np.frombuffer(json.dumps(about | {entry: value}).encode(), np.uint8))
    archive(path, members)
    with pytest.raises(DataError, match="is damaged"):
        file.read(path)


def of_all(values):
    """Values for every metric of samples."""
    return dict.fromkeys(SAMPLE_METRICS, values)


THREE = of_all([0.1, 0.1, 0.1])


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": {"samples": of_all([1.0, 2.0])}},
        {"rows": {"reconstructions": of_all([6.0])}},
        {"rows": {"samples": of_all(1.0)}},
        {"errors": {}},
        {"errors": {"samples": THREE}},
        {"copies": {"ratio": 0.9}},
        {"copies": None},
        {"agreement": "0.9"},
        {"training": None},
        {"n_images": 0},
        {"seeds": [], "rows": {"samples": of_all([])}, "errors": {"samples": of_all([])}},
        {"rows": {"samples": {"frechet": [0.1] * 3}}, "errors": {"samples": {"frechet": [0.1] * 3}}},
        {"rows": {"samples": THREE | {"inception": [0.1] * 3}}, "errors": {"samples": THREE}},
        {
            "rows": {"samples": THREE, "others": of_all([0.1])},
            "errors": {"samples": THREE, "others": of_all([0.1])},
        },
    ],
)
def test_a_quality_that_does_not_fit_together_is_refused(path, changes):
    """Known rows with every metric by seed, an error for each value, all figures of copies: else it is damaged."""
    for entry, value in changes.items():
        rewrite(path, "quality", entry, value)
    with pytest.raises(DataError, match="is damaged"):
        file.read(path)


def test_an_evaluation_of_no_images_is_refused(here, make_saved):
    """It has no means."""
    path = file.write(here / "none.npz", make_saved(0))
    with pytest.raises(DataError, match="is damaged: it is of 0 images"):
        file.read(path)


@pytest.mark.parametrize(
    "content",
    [
        npy(np.zeros(4)),
        npy(np.zeros((5, 1))),
        npy(np.zeros(5, np.float32)),
        npy(np.zeros(5))[:-8],
        npy(np.zeros(5)) + b"12345678",
        pickle.dumps([1, 2]),
    ],
    ids=["too few", "two axes", "float32", "cut off", "too long", "a pickle"],
)
def test_values_of_another_shape_are_refused(path, content):
    """An array must be one number for each image."""
    members = members_of(path) | {"elbo.npy": content}
    archive(path, members)
    with pytest.raises(DataError, match="is damaged"):
        file.read(path)


def test_a_header_that_claims_gigabytes_allocates_nothing(path):
    """The size of a member bounds what is read."""
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f8", "fortran_order": False, "shape": (2**40,)})
    archive(path, members_of(path) | {"elbo.npy": huge.getvalue() + bytes(40)})
    with pytest.raises(DataError, match="too large"):
        file.read(path)


def test_an_archive_that_unpacks_to_more_than_it_is_is_refused(path):
    """Compressed members are refused before they are unpacked."""
    archive(path, members_of(path), compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(DataError, match="is compressed"):
        file.read(path)


def test_other_files_are_named(here, make_saved):
    """A folder, a missing file, an array, a text: none of them is called damaged."""
    np.savez(here / "latents.npz", z=np.zeros((3, 2)))
    (here / "notes.npz").write_text("text")
    (here / "empty.npz").touch()
    for name in ("latents.npz", "notes.npz", "empty.npz"):
        with pytest.raises(
            DataError, match=f"{name} is not a saved evaluation. Make one: vaecli eval --save"
        ):
            file.read(here / name)
    with pytest.raises(DataError, match="got a folder"):
        file.read(here)
    with pytest.raises(DataError, match="No such file"):
        file.read(here / "missing.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes on Windows")
def test_a_pipe_does_not_block(here):
    """It is refused at once, and not opened."""
    os.mkfifo(here / "pipe.npz")
    with pytest.raises(DataError, match="a pipe or a device"):
        file.read(here / "pipe.npz")


def test_a_file_is_not_replaced_unasked(path, make_saved):
    """The old one stays as it was."""
    before = path.read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        file.write(path, make_saved(9))
    assert path.read_bytes() == before
    file.write(path, make_saved(9), if_taken="replace")
    assert file.read(path).conditions.n_images == 9

"""A model opens from every path that a user has, and is right for every batch size, thread count and caller."""

import concurrent.futures
import copy
import json
import os
import shutil

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import ModelError, OptionError
from vaecli.modelfile.find import locate
from vaecli.modelfile.metadata import KEY_DIGEST, KEY_INFO
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model

# Another batch size may change the order of sums on another processor: a few units in the last place of float32.
# On the machine of the tests all are bit-equal. z reaches 9, images 1.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def images():
    """1,000 real test images, uint8."""
    return load_mini("test").images


@pytest.fixture(scope="module")
def latents(model, images):
    """The posterior means of the test images."""
    return model.encode(images)[0]


@pytest.fixture
def copied(model_folder, tmp_path):
    """A function that copies files of the committed model to `tmp_path` under other names."""

    def copied(**names):
        for part, name in names.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(model_folder / f"{part}.onnx", tmp_path / name)
        return tmp_path

    return copied


@pytest.mark.parametrize("given", ["", "run", "decoder.onnx"])
def test_paths_that_open(copied, model, images, given):
    """A model folder, a run folder and a decoder file give the same model, as text, bytes or path objects."""
    parent = "run/model/" if given == "run" else ""
    path = copied(decoder=f"{parent}decoder.onnx", encoder=f"{parent}encoder.onnx") / given
    for opened in (Model.open(path), Model.open(str(path)), Model.open(os.fsencode(path))):
        assert opened.info == model.info
        np.testing.assert_array_equal(opened.encode(images[:3])[0], model.encode(images[:3])[0])


def test_a_decoder_renamed_and_alone(copied, model, images):
    """A decoder alone, under any name, samples; `encode` names the missing encoder."""
    opened = Model.open(copied(decoder="boots v2.bin") / "boots v2.bin")
    np.testing.assert_array_equal(opened.sample(3, seed=5), model.sample(3, seed=5))
    for _ in range(2):  # a failure leaves no trace
        with pytest.raises(ModelError, match=r"encoder\.onnx"):
            opened.encode(images[:1])


def test_an_encoder_that_is_copied_later(copied, images):
    """A model whose encoder was missing encodes as soon as the file exists."""
    opened = Model.open(copied(decoder="decoder.onnx"))
    assert not opened.has_encoder
    with pytest.raises(ModelError):
        opened.encode(images[:1])
    copied(encoder="encoder.onnx")
    assert opened.has_encoder
    assert opened.encode(images[:1])[0].shape == (1, 2)


def test_nothing_to_open(copied, tmp_path):
    """A missing path, an empty folder, an encoder alone and the wrong half have different errors."""
    with pytest.raises(ModelError, match="There is no "):
        Model.open(tmp_path / "missing")
    with pytest.raises(ModelError, match="no decoder"):
        Model.open(tmp_path)
    folder = copied(encoder="encoder.onnx")
    with pytest.raises(ModelError, match=r"an encoder\.onnx but no decoder\.onnx"):
        Model.open(folder)
    with pytest.raises(ModelError, match="must be the decoder of a model, got its encoder"):
        Model.open(folder / "encoder.onnx")
    with pytest.raises(ModelError, match=r"Cannot read|Cannot use|There is no"):
        Model.open("a" * 300)


def test_exchanged_halves(copied, images):
    """A decoder under the encoder's name is refused."""
    opened = Model.open(copied(decoder="decoder.onnx") / "decoder.onnx")
    copied(decoder="encoder.onnx")
    with pytest.raises(ModelError, match="must be the encoder of a model, got its decoder"):
        opened.encode(images[:1])


def test_halves_of_two_models(forge, copied, images):
    """An encoder of another model is not paired with this decoder."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    entries = forge.entries(folder / "encoder.onnx")
    info = json.loads(entries[KEY_INFO]) | {"model_id": "another"}
    content = (folder / "encoder.onnx").read_bytes()
    (folder / "encoder.onnx").write_bytes(forge.with_entries(content, entries | {KEY_INFO: json.dumps(info)}))
    opened = Model.open(folder)
    assert opened.sample(1).shape == (1, 28, 28, 1)
    with pytest.raises(ModelError, match="belong to two models"):
        opened.encode(images[:1])


def test_decoders_of_two_models(forge, small_folder, tmp_path):
    """An int8 decoder beside the decoder of another model is refused, with the command that makes both again."""
    folder = shutil.copytree(small_folder, tmp_path / "my model")
    entries = forge.entries(folder / "decoder.int8.onnx")
    info = json.loads(entries[KEY_INFO]) | {"model_id": "another"}
    content = (folder / "decoder.int8.onnx").read_bytes()
    (folder / "decoder.int8.onnx").write_bytes(
        forge.with_entries(content, entries | {KEY_INFO: json.dumps(info)})
    )
    with pytest.raises(ModelError, match="belong to two models") as caught:
        Model.open(folder, precision="int8")
    assert caught.value.hint.endswith(f"vaecli export -m RUN -o '{folder}' --int8 --force")
    assert Model.open(folder).sample(1).shape == (1, 14, 13, 1)


def test_a_damaged_encoder(copied, images):
    """The encoder is checked when it is first used, and refused then."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    content = bytearray((folder / "encoder.onnx").read_bytes())
    content[1000] ^= 1
    (folder / "encoder.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        Model.open(folder).encode(images[:1])


def test_locate_prefers_the_folder_itself(copied):
    """A folder that is both a model folder and a run is taken as a model folder."""
    folder = copied(decoder="decoder.onnx") and copied(decoder="model/decoder.onnx")
    assert locate(folder) == (folder / "decoder.onnx", folder / "encoder.onnx")


def test_shapes_and_types(model, images, latents):
    """All outputs are float32: latents (N, D), images (N, H, W, C) in [0, 1], the likelihood's outputs by name."""
    assert model.image_shape == (28, 28, 1)
    assert model.latent_dim == 2
    z_mean, z_log_var = model.encode(images[:5])
    outputs = model.outputs(z_mean)
    assert set(outputs) == {"image", *model.info.likelihood["outputs"]}
    assert z_mean.shape == z_log_var.shape == (5, 2)
    for array in (z_mean, z_log_var, *outputs.values()):
        assert array.dtype == np.float32
        assert np.isfinite(array).all()
    for array in outputs.values():
        assert array.shape == (5, 28, 28, 1)
    assert 0 <= outputs["image"].min() <= outputs["image"].max() <= 1


def test_image_is_the_sigmoid_of_the_logits(model, latents):
    """The outputs of the decoder agree: image = 1 / (1 + exp(-logits))."""
    outputs = model.outputs(latents[:100])
    logits = outputs["logits"].astype(np.float64)
    np.testing.assert_allclose(outputs["image"], 1 / (1 + np.exp(-logits)), rtol=0, atol=1e-6)


def test_reconstructions_resemble_the_images(model, images, latents):
    """The squared error of reconstructions is below 0.4 of that of the mean image."""
    pixels = images / np.float32(255)
    error = np.square(model.decode(latents) - pixels).mean()
    assert error < 0.4 * np.square(pixels.mean(axis=0) - pixels).mean()


def test_uint8_is_divided_by_255(model, images):
    """uint8, float32 and float64 in [0, 1] and nested lists of the same images give the same posterior."""
    expected = model.encode(images[:4])
    for same in (images[:4] / np.float32(255), images[:4] / 255, (images[:4] / 255).tolist()):
        np.testing.assert_allclose(model.encode(same), expected, **CLOSE)


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.int8, complex, "U1", object])
def test_images_of_other_types_are_refused(model, images, kind):
    """The value of white in another type is not known: an error, never a guess."""
    with pytest.raises(OptionError, match=r"images must be uint8, or floats in \[0, 1\], got "):
        model.encode((images[:1] > 0).astype(kind))


def test_latents_are_never_divided(model):
    """Latents keep their values for every number type, uint8 too."""
    z = np.array([[1, 2], [0, 1]])
    for dtype in (np.uint8, np.int64, np.float64):
        np.testing.assert_array_equal(model.decode(z.astype(dtype)), model.decode(z.astype(np.float32)))


def test_memory_layout_does_not_matter(model, images):
    """Reversed and Fortran-ordered arrays give the same result as contiguous ones."""
    pixels = images[:6] / np.float32(255)
    expected = model.encode(pixels)[0]
    np.testing.assert_array_equal(model.encode(np.asfortranarray(pixels))[0], expected)
    np.testing.assert_array_equal(model.encode(pixels[::-1])[0][::-1], expected)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
def test_batch_size_and_threads_do_not_matter(model, images, latents, threads, batch):
    """Each image has the same result in every batch size and with every number of threads."""
    opened = Model.open(model.path, threads=threads)
    count = 1000 if batch > 1 else 40
    parts = [opened.encode(images[i : i + batch]) for i in range(0, count, batch)]
    for pieces, expected in zip(zip(*parts, strict=True), model.encode(images[:count]), strict=True):
        np.testing.assert_allclose(np.concatenate(pieces), expected, **CLOSE)
    decoded = np.concatenate([opened.decode(latents[i : i + batch]) for i in range(0, count, batch)])
    np.testing.assert_allclose(decoded, model.decode(latents[:count]), **CLOSE)


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 63, 64, 65, 127, 129])
def test_free_batch_axis(model_folder, latents, count):
    """Any number of latents, also 0 and those at the edges of chunks, gives as many pictures in order."""
    decoded = Model.open(model_folder, threads=3).decode(latents[:count])
    assert decoded.shape == (count, 28, 28, 1)
    np.testing.assert_allclose(decoded, Model.open(model_folder, threads=1).decode(latents[:count]), **CLOSE)


def test_no_images(model):
    """An empty batch has an empty posterior."""
    z_mean, z_log_var = model.encode(np.zeros((0, 28, 28, 1), np.uint8))
    assert z_mean.shape == z_log_var.shape == (0, 2)


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (1, 28, 28), (1, 28, 28, 3), (1, 28, 27, 1), (2, 784), (), (0,)]
)
def test_images_of_another_shape(model, shape):
    """Images of another shape are refused, and the error names both shapes."""
    with pytest.raises(OptionError, match=r"\(N, 28, 28, 1\)") as caught:
        model.encode(np.zeros(shape, np.uint8))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(2,), (1, 3), (1, 1), (1, 2, 1), ()])
def test_latents_of_another_shape(model, shape):
    """Latents of another shape are refused."""
    with pytest.raises(OptionError, match=r"\(N, 2\)"):
        model.decode(np.zeros(shape))


NO_NUMBERS = [None, True, np.True_, "2", b"2", 2.5, float("nan"), 2j, [2], np.array([2]), {}, object()]


@pytest.mark.parametrize("threads", [0, -1, 10**30, *NO_NUMBERS[1:]])
def test_threads_out_of_range(model_folder, threads):
    """A thread count that is no whole number from 1 to 4096 is refused at the opening."""
    with pytest.raises(OptionError, match="--threads must be") as caught:
        Model.open(model_folder, threads=threads)
    assert caught.value.option == "--threads"


@pytest.mark.parametrize("name", ["n", "first", "seed"])
@pytest.mark.parametrize("value", [-1, 2**64, 10**30, *NO_NUMBERS])
def test_draws_that_are_refused(model, name, value):
    """Counts, rows and seeds must be whole numbers from 0 to 2**64 - 1; a boolean is none."""
    with pytest.raises(OptionError, match=f"-{name} must be"):
        model.draw(**{"n": 2, name: value})
    with pytest.raises(OptionError, match=f"-{name} must be"):
        model.sample(**{"n": 2, name: value})


@pytest.mark.parametrize("n", [10**15, 2**63, 2**64 - 1])
def test_more_latents_than_fit_in_memory(model, n):
    """So many latents are an OptionError, not an exception of numpy's."""
    with pytest.raises(OptionError, match=f"-n must fit in memory, got {n:,}"):
        model.draw(n)


@pytest.mark.parametrize(
    "value", [-0.1, 1e5, 1e300, 10**400, float("inf"), *(v for v in NO_NUMBERS if v != 2.5)]
)
def test_temperatures_that_are_refused(model, value):
    """A temperature is a number of at least 0, and so small that latents stay where a decoder is finite."""
    with pytest.raises(OptionError, match="--temperature must be") as caught:
        model.draw(2, temperature=value)
    assert caught.value.option == "--temperature"
    assert np.isfinite(model.sample(50, temperature=9.9e4)).all()


def test_numbers_of_numpy(model):
    """numpy's own scalars are numbers."""
    expected = model.draw(3, seed=2, first=1, temperature=0.5)
    scalars = {"seed": np.uint64(2), "first": np.int8(1), "temperature": np.float32(0.5)}
    np.testing.assert_array_equal(model.draw(np.int64(3), **scalars), expected)


@pytest.mark.parametrize("precision", ["int4", "FP16", "", None, 16, ["fp16"], np.array(["fp16", "int8"])])
def test_unknown_precisions(small_folder, precision):
    """The error names the precisions that there are."""
    with pytest.raises(OptionError, match="--precision must be float32, fp16 or int8, got"):
        Model.open(small_folder, precision=precision)


@pytest.mark.parametrize("path", [None, 3, True, 2.5, ["runs"], {}, object(), np.array(["runs"])])
def test_values_that_are_no_path(path):
    """The error says that a path is needed."""
    with pytest.raises(OptionError, match="--model must be text or a path, got"):
        Model.open(path)


@pytest.mark.parametrize("path", ["~no-such-user/model", "a\0b", "x" * 5000, "\ud800"])
def test_paths_that_the_system_refuses(path):
    """Such a path is a ModelError, not an exception of Python's."""
    with pytest.raises(ModelError, match="Cannot "):
        Model.open(path)


def test_empty_paths(here):
    """An empty path is refused; it is not the current folder."""
    with pytest.raises(OptionError, match="--model must name a file or folder"):
        Model.open("")


def test_a_folder_in_place_of_a_file(copied, images):
    """A folder that is called decoder.onnx or encoder.onnx is named as a folder."""
    folder = copied(decoder="decoder.onnx")
    (folder / "encoder.onnx").mkdir()
    with pytest.raises(ModelError, match=r"encoder\.onnx must be a regular file, got a folder"):
        Model.open(folder).encode(images[:1])
    (folder / "inner" / "decoder.onnx").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"decoder\.onnx must be a regular file, got a folder"):
        Model.open(folder / "inner")
    with pytest.raises(ModelError, match="must be a run or a model folder, but has no"):
        Model.open(folder / "inner" / "decoder.onnx")


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_other_precisions_by_name(small_folder, precision):
    """A file of another precision opens by its name, and is refused where a third precision is asked for."""
    path = small_folder / f"decoder.{precision}.onnx"
    expected = Model.open(small_folder, precision=precision).sample(3)
    for options in ({}, {"precision": precision}):
        opened = Model.open(path, **options)
        assert opened.info.precision == precision and opened.has_encoder
        np.testing.assert_array_equal(opened.sample(3), expected)
    other = {"fp16": "int8", "int8": "fp16"}[precision]
    with pytest.raises(ModelError, match=f"must be an {other} file, got {precision}"):
        Model.open(path, precision=other)


def test_an_unknown_network_works(copied, forge, model):
    """The graph defines the computation: the name of the network is only information."""
    path = copied(decoder="decoder.onnx") / "decoder.onnx"
    entries = forge.entries(path)
    info = json.loads(entries[KEY_INFO]) | {"network": "residual-2030"}
    path.write_bytes(forge.with_entries(path.read_bytes(), entries | {KEY_INFO: json.dumps(info)}))
    opened = Model.open(path)
    assert opened.info.network == "residual-2030"
    np.testing.assert_array_equal(opened.sample(3), model.sample(3))


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_copies(model_folder, images, duplicate):
    """A copy gives the same results, before and after the encoder was used."""
    original = Model.open(model_folder, threads=2)
    for _ in range(2):
        again = duplicate(original)
        assert again.threads == 2 and again.info == original.info
        np.testing.assert_array_equal(again.sample(3), original.sample(3))
        np.testing.assert_allclose(again.encode(images[:3]), original.encode(images[:3]), **CLOSE)


def test_an_encoder_that_changes(copied, forge, images):
    """The encoder is read at its first use, and its file may be replaced or vanish afterwards."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    first, second = Model.open(folder), Model.open(folder)
    expected = first.encode(images[:2])[0]
    entries = forge.entries(folder / "encoder.onnx")
    info = json.loads(entries[KEY_INFO]) | {"model_id": "another"}
    content = forge.with_entries(
        (folder / "encoder.onnx").read_bytes(), entries | {KEY_INFO: json.dumps(info)}
    )
    (folder / "encoder.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="belong to two models"):
        second.encode(images[:2])
    np.testing.assert_array_equal(copy.copy(first).encode(images[:2])[0], expected)
    (folder / "encoder.onnx").unlink()
    assert first.has_encoder and not second.has_encoder
    np.testing.assert_array_equal(copy.copy(first).encode(images[:2])[0], expected)
    with pytest.raises(ModelError, match="needs an encoder"):
        second.encode(images[:2])


def test_shards_are_parts_of_the_series(model):
    """Picture i depends on (seed, i) alone: shards cut anywhere equal the parts of the whole series."""
    complete = model.sample(100, seed=3)
    for cut in (1, 32, 50, 99):
        parts = [model.sample(cut, seed=3), model.sample(100 - cut, seed=3, first=cut)]
        np.testing.assert_allclose(np.concatenate(parts), complete, **CLOSE)
    z = np.concatenate([model.draw(40, seed=3), model.draw(60, seed=3, first=40)])
    np.testing.assert_array_equal(z, model.draw(100, seed=3))
    assert not np.allclose(model.sample(4, seed=4), complete[:4])


def test_temperature(model):
    """The temperature is a factor on the latents; at 0 each picture is the one of the origin."""
    np.testing.assert_array_equal(model.draw(9, temperature=0.5), model.draw(9) * np.float32(0.5))
    cold = model.sample(9, temperature=0.0)
    np.testing.assert_array_equal(cold, np.broadcast_to(model.decode([[0.0, 0.0]]), cold.shape))


def test_draws_are_of_the_prior(model):
    """10,000 latents have mean 0 and deviation 1 in each dimension, within five standard errors."""
    z = model.draw(10_000, seed=1).astype(np.float64)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=5 / 100)
    np.testing.assert_allclose(z.std(axis=0), 1, atol=5 / np.sqrt(2 * 10_000))


@pytest.mark.parametrize("path", ["linear", "spherical", "even"])
def test_interpolate(model, images, path):
    """Both ends are the reconstructions of the images, and `steps` counts them."""
    strip = model.interpolate(images[0], images[1], steps=5, path=path)
    assert strip.shape == (5, 28, 28, 1)
    ends = model.decode(model.encode(images[:2])[0])
    np.testing.assert_allclose(strip[[0, -1]], ends, **CLOSE)
    same = model.interpolate(images[0], images[1] / 255, steps=5, path=path)  # uint8 and float
    np.testing.assert_allclose(same, strip, **CLOSE)


@pytest.mark.parametrize("steps", [3, 11, 40])
def test_an_even_interpolation(model, images, steps):
    """The largest distance of neighbouring pictures is at most 1.1 times the mean one."""
    for first in range(0, 20, 2):
        strip = model.interpolate(images[first], images[first + 1], steps=steps, path="even")
        lengths = np.linalg.norm(np.diff(strip.reshape(steps, -1), axis=0), axis=1)
        assert lengths.max() <= 1.1 * lengths.mean()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        *(({"steps": steps}, "--steps must be at least 2, got") for steps in (1, 0, -1)),
        *(({"steps": steps}, "--steps must be at most 1048576, got") for steps in (2**63, 10**30)),
        *(({"steps": steps}, "--steps must be a whole number, got") for steps in NO_NUMBERS),
        *(
            ({"path": path}, "--path must be linear, spherical or even, got")
            for path in ("lerp", "", None, 1, ["linear"])
        ),
    ],
)
def test_interpolations_that_are_refused(model, images, options, says):
    """Too few or too many steps, values that are no number, and unknown paths are refused."""
    with pytest.raises(OptionError, match=says):
        model.interpolate(images[0], images[1], **options)


@pytest.mark.parametrize(
    "wrong", [None, "boot.png", 0.5, np.array(0.5), np.zeros((28, 28)), np.zeros((1, 28, 28, 1))]
)
def test_interpolations_of_other_arrays_are_refused(model, images, wrong):
    """The error names the argument and the shape of one image."""
    with pytest.raises(OptionError, match=r"a must have the shape \(H, W, C\) = \(28, 28, 1\)"):
        model.interpolate(wrong, images[0])
    with pytest.raises(OptionError, match=r"b must have the shape \(H, W, C\) = \(28, 28, 1\)"):
        model.interpolate(images[0], wrong)


def test_threads_may_share_a_model(model_folder, model, images, latents):
    """Eight threads that encode and decode at once get the same results as one after another."""
    fresh = Model.open(model_folder, threads=2)  # its encoder and its pool do not exist yet
    sizes = [1, 20, 33, 64, 100, 7, 90, 50] * 3

    def work(job):
        count = sizes[job]
        return fresh.encode(images[job : job + count]), fresh.decode(latents[job : job + count])

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = list(pool.map(work, range(len(sizes))))
    for job, (posterior, decoded) in enumerate(results):
        batch = slice(job, job + sizes[job])
        np.testing.assert_allclose(posterior, model.encode(images[batch]), **CLOSE)
        np.testing.assert_allclose(decoded, model.decode(latents[batch]), **CLOSE)


def test_an_open_model_outlives_its_files(copied, images):
    """A model whose files were read works after they are gone."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    opened = Model.open(folder)
    opened.encode(images[:1])
    for name in ("decoder.onnx", "encoder.onnx"):
        (folder / name).unlink()
    assert opened.decode(opened.encode(images[:2])[0]).shape == (2, 28, 28, 1)


def test_digests_are_those_in_the_files(model_folder):
    """One for each part; a pickled model, which has no files, has the same."""
    opened = Model.open(model_folder)
    stored = {
        part: read_file(model_folder / f"{part}.onnx").metadata[KEY_DIGEST] for part in ("encoder", "decoder")
    }
    assert opened.digests == stored
    assert copy.deepcopy(opened).digests == stored

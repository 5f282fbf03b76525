"""An exported model at work: opened in every way, right for every batch, thread count and caller."""

import concurrent.futures
import json
import shutil

import numpy as np
import pytest

from vaecli.data.named.bundled import load_mini
from vaecli.errors import ModelError, OptionError
from vaecli.modelfile.metadata import KEY_INFO
from vaecli.runtime.model import Model, locate

# The same sums in another order, as another batch size may bring on another processor: a few units in the last
# place of float32. Here all are bit-equal. z reaches 9, images 1.
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def images():
    """1,000 real test images, uint8."""
    return load_mini("test").images


@pytest.fixture(scope="module")
def latents(model, images):
    """Their posterior means."""
    return model.encode(images)[0]


@pytest.fixture
def copied(model_folder, tmp_path):
    """Copy files of the committed model to `tmp_path`, under other names."""

    def copied(**names):
        for part, name in names.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(model_folder / f"{part}.onnx", tmp_path / name)
        return tmp_path

    return copied


@pytest.mark.parametrize("given", ["", "run", "decoder.onnx"])
def test_open_what_a_user_has(copied, model, images, given):
    """A model folder, a run folder, a decoder file with its encoder beside it: all give the same model."""
    inner = "run/model/" if given == "run" else ""
    path = copied(decoder=f"{inner}decoder.onnx", encoder=f"{inner}encoder.onnx") / given
    for opened in (Model.open(path), Model.open(str(path))):
        assert opened.info == model.info
        np.testing.assert_array_equal(opened.encode(images[:3])[0], model.encode(images[:3])[0])


def test_a_decoder_renamed_and_alone(copied, model, images):
    """A decoder copied alone, under any name, samples; what needs the encoder says what is missing."""
    opened = Model.open(copied(decoder="boots v2.bin") / "boots v2.bin")
    np.testing.assert_array_equal(opened.sample(3, seed=5), model.sample(3, seed=5))
    for _ in range(2):  # the second time too
        with pytest.raises(ModelError, match=r"encoder\.onnx"):
            opened.encode(images[:1])


def test_an_encoder_that_comes_later(copied, images):
    """A model whose encoder was missing works as soon as it is there."""
    opened = Model.open(copied(decoder="decoder.onnx"))
    with pytest.raises(ModelError):
        opened.encode(images[:1])
    copied(encoder="encoder.onnx")
    assert opened.encode(images[:1])[0].shape == (1, 2)


def test_nothing_to_open(copied, tmp_path):
    """Nothing there, an empty folder, an encoder alone, the wrong half: each is told apart."""
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


def test_halves_changed_round(copied, images):
    """A decoder under the encoder's name is not used as one."""
    opened = Model.open(copied(decoder="decoder.onnx") / "decoder.onnx")
    copied(decoder="encoder.onnx")
    with pytest.raises(ModelError, match="must be the encoder of a model, got its decoder"):
        opened.encode(images[:1])


def test_halves_of_two_models(forge, copied, images):
    """An encoder of another training run, whole in itself, is not paired with this decoder."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    entries = forge.entries(folder / "encoder.onnx")
    info = json.loads(entries[KEY_INFO]) | {"model_id": "another"}
    content = (folder / "encoder.onnx").read_bytes()
    (folder / "encoder.onnx").write_bytes(forge.with_entries(content, entries | {KEY_INFO: json.dumps(info)}))
    opened = Model.open(folder)
    assert opened.sample(1).shape == (1, 28, 28, 1)
    with pytest.raises(ModelError, match="belong to two models"):
        opened.encode(images[:1])


def test_a_damaged_encoder(copied, images):
    """The encoder is checked when it is first used, and refused then."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    content = bytearray((folder / "encoder.onnx").read_bytes())
    content[1000] ^= 1
    (folder / "encoder.onnx").write_bytes(content)
    with pytest.raises(ModelError, match="damaged"):
        Model.open(folder).encode(images[:1])


def test_locate_prefers_the_folder_itself(copied):
    """A folder that is both, a model folder and a run, is taken as it is named."""
    folder = copied(decoder="decoder.onnx") and copied(decoder="model/decoder.onnx")
    assert locate(folder) == (folder / "decoder.onnx", folder / "encoder.onnx")


def test_shapes_and_types(model, images, latents):
    """float32 everywhere; (N, D) twice, (N, H, W, C), images within [0, 1], the likelihood's outputs named."""
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
    """The two outputs of the decoder agree: image = 1 / (1 + exp(-logits))."""
    outputs = model.outputs(latents[:100])
    logits = outputs["logits"].astype(np.float64)
    np.testing.assert_allclose(outputs["image"], 1 / (1 + np.exp(-logits)), rtol=0, atol=1e-6)


def test_it_reconstructs(model, images, latents):
    """The model is what it says: its reconstructions are far nearer to the images than their mean is."""
    pixels = images / np.float32(255)
    error = np.square(model.decode(latents) - pixels).mean()
    assert error < 0.4 * np.square(pixels.mean(axis=0) - pixels).mean()


def test_uint8_is_divided_by_255(model, images):
    """uint8, float32 and float64 in [0, 1] and nested lists are the same picture."""
    wanted = model.encode(images[:4])
    for same in (images[:4] / np.float32(255), images[:4] / 255, (images[:4] / 255).tolist()):
        np.testing.assert_allclose(model.encode(same), wanted, **CLOSE)


@pytest.mark.parametrize("kind", [np.int64, np.uint16, np.int8, complex, "U1", object])
def test_other_whole_numbers_are_refused(model, images, kind):
    """What white is in another type of number, nobody knows: an error that says what is taken, not a guess."""
    with pytest.raises(OptionError, match=r"images must be uint8, or floats in \[0, 1\], got "):
        model.encode((images[:1] > 0).astype(kind))


def test_latents_are_never_divided(model):
    """A z of small whole numbers is a z, whatever its dtype."""
    z = np.array([[1, 2], [0, 1]])
    for dtype in (np.uint8, np.int64, np.float64):
        np.testing.assert_array_equal(model.decode(z.astype(dtype)), model.decode(z.astype(np.float32)))


def test_memory_layout_does_not_matter(model, images):
    """Views, reversed and Fortran-ordered arrays give what their values say."""
    pixels = images[:6] / np.float32(255)
    wanted = model.encode(pixels)[0]
    np.testing.assert_array_equal(model.encode(np.asfortranarray(pixels))[0], wanted)
    np.testing.assert_array_equal(model.encode(pixels[::-1])[0][::-1], wanted)


@pytest.mark.parametrize("threads", [1, 4])
@pytest.mark.parametrize("batch", [1, 7, 64, 1000])
def test_batch_size_and_threads_do_not_matter(model, images, latents, threads, batch):
    """Each image has its result, in its place, however many are given at once and however many threads work."""
    opened = Model.open(model.path, threads=threads)
    count = 1000 if batch > 1 else 40
    parts = [opened.encode(images[i : i + batch]) for i in range(0, count, batch)]
    for found, wanted in zip(zip(*parts, strict=True), model.encode(images[:count]), strict=True):
        np.testing.assert_allclose(np.concatenate(found), wanted, **CLOSE)
    decoded = np.concatenate([opened.decode(latents[i : i + batch]) for i in range(0, count, batch)])
    np.testing.assert_allclose(decoded, model.decode(latents[:count]), **CLOSE)


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 63, 64, 65, 127, 129])
def test_free_batch_axis(model_folder, latents, count):
    """Any number of rows, none too, at the edges of the chunks: as many pictures, in order."""
    decoded = Model.open(model_folder, threads=3).decode(latents[:count])
    assert decoded.shape == (count, 28, 28, 1)
    one_by_one = [Model.open(model_folder, threads=1).decode(latents[:count])]
    np.testing.assert_allclose(decoded, np.concatenate(one_by_one), **CLOSE)


def test_no_images(model):
    """An empty batch is encoded to empty arrays."""
    z_mean, z_log_var = model.encode(np.zeros((0, 28, 28, 1), np.uint8))
    assert z_mean.shape == z_log_var.shape == (0, 2)


@pytest.mark.parametrize(
    "shape", [(28, 28, 1), (1, 28, 28), (1, 28, 28, 3), (1, 28, 27, 1), (2, 784), (), (0,)]
)
def test_images_of_another_shape(model, shape):
    """Images of another shape are refused, and both shapes said."""
    with pytest.raises(OptionError, match=r"\(N, 28, 28, 1\)") as caught:
        model.encode(np.zeros(shape, np.uint8))
    assert str(shape) in str(caught.value)


@pytest.mark.parametrize("shape", [(2,), (1, 3), (1, 1), (1, 2, 1), ()])
def test_latents_of_another_shape(model, shape):
    """So are latents."""
    with pytest.raises(OptionError, match=r"\(N, 2\)"):
        model.decode(np.zeros(shape))


@pytest.mark.parametrize("threads", [0, -1])
def test_threads_below_one(model_folder, threads):
    """A thread count that means nothing is an error here, not inside a pool later."""
    with pytest.raises(OptionError, match="at least 1"):
        Model.open(model_folder, threads=threads)


def test_shards_are_parts_of_one_whole(model):
    """Picture i depends on (seed, i): series cut anywhere are equal to the parts of the whole."""
    whole = model.sample(100, seed=3)
    for cut in (1, 32, 50, 99):
        parts = [model.sample(cut, seed=3), model.sample(100 - cut, seed=3, first=cut)]
        np.testing.assert_allclose(np.concatenate(parts), whole, **CLOSE)
    z = np.concatenate([model.draw(40, seed=3), model.draw(60, seed=3, first=40)])
    np.testing.assert_array_equal(z, model.draw(100, seed=3))
    assert not np.allclose(model.sample(4, seed=4), whole[:4])


def test_temperature(model):
    """It is the factor on the latents; at 0 every picture is the one at the origin."""
    np.testing.assert_array_equal(model.draw(9, temperature=0.5), model.draw(9) * np.float32(0.5))
    cold = model.sample(9, temperature=0.0)
    np.testing.assert_array_equal(cold, np.broadcast_to(model.decode([[0.0, 0.0]]), cold.shape))


def test_draws_are_of_the_prior(model):
    """10,000 latents: mean 0 and deviation 1 in each dimension, within five standard errors."""
    z = model.draw(10_000, seed=1).astype(np.float64)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=5 / 100)
    np.testing.assert_allclose(z.std(axis=0), 1, atol=5 / np.sqrt(2 * 10_000))


@pytest.mark.parametrize("path", ["linear", "spherical"])
def test_interpolate(model, images, path):
    """Both ends are the reconstructions of the posterior means; steps counts them."""
    strip = model.interpolate(images[0], images[1], steps=5, path=path)
    assert strip.shape == (5, 28, 28, 1)
    ends = model.decode(model.encode(images[:2])[0])
    np.testing.assert_allclose(strip[[0, -1]], ends, **CLOSE)
    with pytest.raises(OptionError, match="2 steps"):
        model.interpolate(images[0], images[1], steps=1)


def test_threads_may_share_a_model(model_folder, model, images, latents):
    """Eight Python threads that encode and decode at once get what one after another gets."""
    fresh = Model.open(model_folder, threads=2)  # its encoder and its pool are still to be made
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
    """Once read, a model needs its files no more: a folder may be moved under it."""
    folder = copied(decoder="decoder.onnx", encoder="encoder.onnx")
    opened = Model.open(folder)
    opened.encode(images[:1])
    for name in ("decoder.onnx", "encoder.onnx"):
        (folder / name).unlink()
    assert opened.decode(opened.encode(images[:2])[0]).shape == (2, 28, 28, 1)

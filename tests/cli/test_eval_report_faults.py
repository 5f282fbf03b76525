"""Faults that are planted in a model, its data or its run are found by `vaecli eval --report`, and no others.

A fault that has others as its consequence is reported with these, which the test names.
"""

import shutil

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.load import load
from vaecli.data.named.bundled import load_mini
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import read_file
from vaecli.modelfile.write import with_digest, with_metadata

DENSE, Z_MEAN, Z_LOG_VAR = "encoder_1/dense_1", "encoder_1/z_mean_1", "encoder_1/z_log_var_1"
KERNEL, BIAS = "Cast/ReadVariableOp:0", "BiasAdd/ReadVariableOp:0"


@pytest.fixture
def damaged(here, model_folder):
    """Copies the committed model; each of the named constants of a part becomes what a function makes of it."""

    def damaged(part, changes):
        folder = here / "model"
        shutil.copytree(model_folder, folder)
        path = folder / f"{part}.onnx"
        file = read_file(path)
        content = bytearray(file.content)
        for name, change in changes.items():
            first, last = file.graph.tensors[name].span
            array = np.frombuffer(file.content[first:last], np.float32).reshape(
                file.graph.tensors[name].shape
            )
            content[first:last] = np.asarray(change(array.copy()), np.float32).tobytes()
        path.write_bytes(with_digest(bytes(content)))
        return folder

    return damaged


@pytest.fixture
def warnings(call, here):
    """The warnings of a report, title -> figure, as the page and the terminal have them."""

    def warnings(*arguments):
        code, _, stderr = call("eval", "--report", here / "report.html", *arguments)
        assert code == 0, stderr
        text = (here / "report.md").read_text(encoding="utf-8")
        part = text.partition("Checked:")[0]
        titles = [line[4:] for line in part.splitlines() if line.startswith("### ")]
        for title in titles:
            assert f"{title}: " in stderr
        return {title: part.partition(f"### {title}")[2] for title in titles}

    return warnings


def column(number, value):
    """A function that sets a column of a kernel (n, D), or an entry of a bias (D,)."""

    def change(array):
        array[..., number] = value
        return array

    return change


def test_a_sound_model(warnings, model_folder):
    """It has no warning."""
    assert warnings("-m", model_folder) == {}


def test_a_mixture_is_near_its_latents(warnings, mixed_folder):
    """It has no warning either, as the runs of the README."""
    assert warnings("-m", mixed_folder) == {}


@pytest.mark.parametrize("prior", ["normal", "mixture"])
def test_the_quality_of_the_model_that_comes_along(warnings, here, prior):
    """It has no warning under either prior, and its samples were checked beside reconstructions."""
    words = ["--data", "fashion-mnist-mini", "--prior", prior, "--metrics", "elbo,mse"]
    assert warnings("-m", "fashion-mnist", *words, "--quality", "--seeds", 1, "-n", 200) == {}
    text = (here / "report.md").read_text(encoding="utf-8")
    assert "samples and reconstructions" in text.partition("Checked:")[2].splitlines()[0]


def test_a_collapsed_dimension(warnings, damaged):
    """Posterior equal to the prior in one of two dimensions."""
    names = [f"{layer}/{kind}" for layer in (Z_MEAN, Z_LOG_VAR) for kind in (KERNEL, BIAS)]
    reported = warnings("-m", damaged("encoder", dict.fromkeys(names, column(1, 0.0))))
    assert "1 of 2 latent dimensions" in reported["Collapsed latent dimensions"]
    assert "`--free-bits 0.1`" in reported["Collapsed latent dimensions"]
    assert set(reported) == {"Collapsed latent dimensions"}


def test_latents_far_from_the_prior(warnings, damaged):
    """Posterior means shifted by 5 in each dimension: 25 nats."""
    reported = warnings("-m", damaged("encoder", {f"{Z_MEAN}/{BIAS}": lambda bias: bias + 5.0}))
    assert "vaecli prior" in reported["Posterior and prior are far apart"]
    assert set(reported) == {"Posterior and prior are far apart"}


def test_dead_units(warnings, damaged):
    """Biases so low that no image reaches the units of two layers."""
    names = [f"{DENSE}/{BIAS}", "encoder_1/conv2d_1_2/Squeeze:0"]
    reported = warnings("-m", damaged("encoder", dict.fromkeys(names, column(slice(None, None), -1e4))))
    assert "80 of 112 units of the encoder" in reported["Dead units"]
    assert set(reported) == {"Dead units", "Collapsed latent dimensions", "Constant pictures"}  # by it


def test_constant_pictures(warnings, damaged):
    """A decoder that ignores its input; the report is still complete."""
    kernel = "decoder_1/dense_1_1/Cast/ReadVariableOp:0"
    reported = warnings("-m", damaged("decoder", {kernel: lambda array: array * 0}))
    assert "0.0 %" in reported["Constant pictures"].replace("0.0\\%", "0.0 %").replace("%", " %").replace(
        "  ", " "
    )
    assert set(reported) == {"Constant pictures", "Dead units"}  # those of this decoder never change


def write_data(folder, train, test):
    """Write a data set without labels of images (N, 28, 28)."""
    folder.mkdir()
    (folder / "train-images-idx3-ubyte").write_bytes(encode_idx(train))
    (folder / "t10k-images-idx3-ubyte").write_bytes(encode_idx(test))
    return folder


@pytest.mark.parametrize(
    "change", [lambda images: images // 16, lambda images: 255 - images], ids=["dim", "negative"]
)
def test_another_scale(warnings, here, measured_folder, change):
    """Pixels of 0 to 15, and negatives."""
    images = [np.ascontiguousarray(load_mini(split).images[:300, :, :, 0]) for split in ("train", "test")]
    reported = warnings("-m", measured_folder, "--data", write_data(here / "data", *map(change, images)))
    assert "Wrong scale of the data" in reported
    assert set(reported) == {"Wrong scale of the data", "Posterior and prior are far apart"}  # so are latents


@pytest.fixture
def own_data(here, model_folder):
    """A run of the committed model whose training images are of the easiest class alone, trousers."""
    data = load_mini("train")
    easy = np.ascontiguousarray(data.images[np.flatnonzero(data.labels == 1)][..., 0])
    folder = write_data(here / "easy", easy, np.ascontiguousarray(load_mini("test").images[..., 0]))
    train, test = (load(str(folder), split) for split in ("train", "test"))
    data = {
        "name": "easy",
        "kind": "folder",
        "sha256": train.sha256,
        "test_sha256": test.sha256,
        "count": 1500,
    }
    run = here / "run"
    shutil.copytree(model_folder, run / "model")
    for path in (run / "model").glob("*.onnx"):
        file = read_file(path)
        entries = {key: text for key, text in file.metadata.items() if key != KEY_DIGEST}
        info = file.info.replace(data=data, class_names=())
        path.write_bytes(with_metadata(file.content, entries | info.to_metadata()))
    (run / "config.toml").write_text(f"data = {str(folder)!r}\n", encoding="utf-8")
    return run


def test_equal_images(warnings, own_data, here):
    """Of one image many times, units never change and latents are one point: that is no fault of the model."""
    image = load_mini("test").images[2]
    np.savez("equal.npz", x_train=load_mini("train").images[:200], x_test=np.repeat(image[None], 150, axis=0))
    assert warnings("-m", "fashion-mnist", "--data", "equal.npz") == {}
    text = (here / "report.md").read_text(encoding="utf-8")
    for check, least in (("dead units", 32), ("the distance of posterior and prior", 100)):
        assert f"Check of {check}" in text and f"It needs at least {least} different images, got 1." in text
    checked = text.partition("Checked:")[2].splitlines()[0]
    assert "dead units" not in checked and "distance of posterior" not in checked
    equal = encode_idx(np.repeat(image[None, ..., 0], 150, axis=0))
    (here / "easy" / "t10k-images-idx3-ubyte").write_bytes(equal)
    assert "Overfitting" not in warnings("-m", own_data, "--data", here / "easy", "--force")
    assert "Check of the gap to training images" in (here / "report.md").read_text(encoding="utf-8")


def test_a_few_images_many_times(warnings, here):
    """Fewer different ones than a check needs leave it out, as few images do."""
    images = load_mini("test").images[:40]
    np.savez("few.npz", x_train=load_mini("train").images[:200], x_test=np.repeat(images, 5, axis=0))
    assert warnings("-m", "fashion-mnist", "--data", "few.npz") == {}
    text = (here / "report.md").read_text(encoding="utf-8")
    assert "It needs at least 100 different images, got 40." in text and "Check of dead units" not in text


def test_overfitting(warnings, own_data):
    """Training images with much better nats than test images."""
    reported = warnings("-m", own_data)
    assert "more than training images" in reported["Overfitting"]
    assert set(reported) == {"Overfitting"}


def test_a_validation_loss_that_rises(warnings, own_data, forge):
    """The curve is named, too; of a run with a mixture as prior only its last part, whose losses compare."""
    columns = "epoch,loss,reconstruction,kl,val_loss,val_reconstruction,val_kl"
    losses = [300, 280, 270, 275, 290, 310, 330]
    rows = [
        f"{epoch},{300 - 20 * epoch},1,1,{loss},1,1,0.01,1,1,1" for epoch, loss in enumerate(losses, start=1)
    ]
    lines = [f"{columns},learning_rate,seconds,images_per_second,val_seconds", *rows]
    (own_data / "metrics.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    reported = warnings("-m", own_data)
    assert set(reported) == {"Overfitting"}
    reported = reported["Overfitting"]
    assert "rose from 270.0 nats at epoch 3 to 310.0 at epoch 7" in reported
    for since, says in (
        (4, None),
        (3, "rose from 270.0 nats at epoch 3"),
        ("3", "rose from 270.0 nats at epoch 3"),
    ):
        for path in (own_data / "model").glob("*.onnx"):
            training = read_file(path).info.training | {"mixture_since": since}
            forge.change_info(path, {"training": training})
        reported = warnings("-m", own_data, "--force")["Overfitting"]
        assert says in reported if says else "rose" not in reported

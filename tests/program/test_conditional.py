"""`vaecli train --conditional`, and every command on the model that it makes."""

import dataclasses
import json
import pathlib
import shlex

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.data.parts import Division
from vaecli.errors import OptionError
from vaecli.metrics.evaluate import evaluate
from vaecli.metrics.saved.file import read
from vaecli.modelfile.read import read_file
from vaecli.options import TrainOptions
from vaecli.runtime.model import Model
from vaecli.tasks.evaluate import evaluate as task

pytestmark = pytest.mark.train

SMALL = ["--epochs", "2", "--latent-dim", "2", "--network", "dense", "--width", "32", "-q"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A conditional run of the bundled images."""
    from vaecli.options import TrainOptions
    from vaecli.tasks.train.train import train

    options = TrainOptions(
        data="fashion-mnist-mini", epochs=2, latent_dim=2, network="dense", width=32, conditional=True
    )
    return train(options, out=tmp_path_factory.mktemp("conditional") / "run").run


@pytest.fixture
def labelled(here):
    """Writes 300 images with the given labels as a folder of IDX files."""

    def labelled(labels):
        folder = here / "mine"
        folder.mkdir(exist_ok=True)
        images = load_mini("train").images[:300, :, :, 0]
        (folder / "train-images-idx3-ubyte").write_bytes(encode_idx(images))
        if labels is not None:
            (folder / "train-labels-idx1-ubyte").write_bytes(encode_idx(np.asarray(labels, np.uint8)))
        return folder

    return labelled


def test_the_files_take_a_label(trained, call):
    """Both name it, with golden vectors; encoding and decoding depend on it; without one it is zero."""
    model, data = Model.open(trained), load_mini("test")
    for part in ("encoder", "decoder"):
        file = read_file(trained / "model" / f"{part}.onnx")
        assert file.info.inputs[1] == "label" and file.graph.inputs["label"] == (None, 10)
        assert file.golden().inputs["label"].any()
    images, labels = data.images[:50], data.labels[:50]
    plain, given, others = (model.encode(images, value)[0] for value in (None, labels, (labels + 1) % 10))
    assert not np.allclose(plain, given, atol=1e-4) and not np.allclose(others, given, atol=1e-4)
    np.testing.assert_array_equal(model.encode(images, [-1] * 50)[0], plain)
    names = [data.class_names[label] for label in labels]
    np.testing.assert_array_equal(model.reconstruct(images, names), model.decode(given, labels))
    code, stdout, _ = call("verify", "-m", trained)
    assert code == 0 and "encoder.onnx" in stdout
    card = (trained / "model" / "MODEL_CARD.md").read_text("utf-8")
    assert card.count("`label` (N, 10), one-hot, or zeros for none") == 2
    code, stdout, _ = call("info", trained)
    assert code == 0 and "taken by both halves" in stdout


def test_the_plots_are_of_images_with_their_labels(trained, here):
    """The KL of each dimension is that of the validation loss and of `eval --split validation`."""
    from vaecli.pictures import plots

    model = Model.open(trained)
    measured = task(model, split="validation", names=["kl_dim"])
    kl = measured.per_image["kl_dim"].mean(axis=0)
    assert measured.labelled
    plots.kl_per_dimension(kl, here / "kl.png")
    assert (here / "kl.png").read_bytes() == (trained / "plots" / "kl-per-dimension.png").read_bytes()


def test_every_command_takes_the_model(trained, call):
    """Without labels, as any other model; the copies in fp16 and int8 too."""
    for command in (
        ("sample", "-n", "4"),
        ("interpolate", "test:0", "test:1"),
        ("reconstruct", "test:0:3"),
        ("encode", "test:0:3"),
        ("traverse", "test:0"),
        ("similar", "test:0", "--among", "test:1:20"),
        ("score", "test:0:3"),
        ("bench", "--seconds", "0.1", "--against"),
        ("info",),
        ("export", "-o", "copy", "--fp16", "--int8"),
        ("verify",),
    ):
        code, _, stderr = call(*command, "-m", trained)
        assert code == 0, (command, stderr)
    code, _, stderr = call("verify", "-m", "copy")
    assert code == 0, stderr
    exact, half, integers = (
        Model.open("copy", precision=precision) for precision in ("float32", "fp16", "int8")
    )
    z, labels = np.ones((10, 2), np.float32), np.arange(10)
    np.testing.assert_allclose(half.decode(z, labels), exact.decode(z, labels), atol=0.01)
    assert np.abs(integers.decode(z, labels) - exact.decode(z, labels)).mean() < 1 / 255
    assert call("sample", "-m", "copy", "--precision", "int8", "--label", "boot", "-o", "boots.png")[0] == 0


@pytest.mark.parametrize("path", ["linear", "spherical", "even"])
def test_interpolate_crosses_labels(trained, path):
    """Each end is the reconstruction with its label; one label is kept all the way; None is no label."""
    model, (a, b) = Model.open(trained), load_mini("test").images[:2]
    crossed = model.interpolate(a, b, steps=5, path=path, labels=["boot", "Bag"])
    ends = model.reconstruct([a, b], ["boot", "Bag"])
    np.testing.assert_allclose(crossed[[0, -1]], ends, atol=1e-6)
    kept = model.interpolate(a, b, steps=5, path=path, labels="boot")
    np.testing.assert_allclose(kept[0], crossed[0], atol=1e-6)
    assert np.abs(kept[-1] - crossed[-1]).max() > 1e-3
    plain = model.interpolate(a, b, steps=5, path=path)
    np.testing.assert_allclose(plain[[0, -1]], model.reconstruct([a, b]), atol=1e-6)
    with pytest.raises(OptionError, match="one for each of 2 images"):
        model.interpolate(a, b, labels=["boot"])


def test_the_label_lowers_the_loss(trained):
    """The images of a trained model cost fewer nats with their labels than without."""
    from vaecli.metrics.labelled import Labelled

    model, data = Model.open(trained), load_mini("test")
    plain = evaluate(model, data.images, metrics=["elbo"]).values["elbo"]
    given = evaluate(model, data.images, metrics=["elbo"], labels=data.labels).values["elbo"]
    assert given > plain + 0.5
    assert Labelled(model, data.labels[:3]).latent_dim == 2


def test_eval_uses_the_labels_and_reports_by_class(trained, call, check_schema, labelled):
    """The ELBO is that given the labels, with the mixture of each image's class as prior; the classes' means belong
    to it; images without labels are noted."""
    model, data = Model.open(trained), load_mini("test")
    expected = evaluate(
        model,
        data.images,
        metrics=["elbo"],
        labels=data.labels,
        prior_of_class=model.priors.of_number,
    )
    code, stdout, stderr = call("eval", "-m", trained, "--json", "-q")
    assert (code, stderr) == (0, "")
    document = json.loads(stdout)
    check_schema("eval", document)
    assert document["elbo"] == pytest.approx(expected.values["elbo"]) and document["prior"] == "mixture"
    code, stdout, _ = call("eval", "-m", trained, "--metrics", "elbo")
    assert "that of each image's class" in " ".join(stdout.split())
    code, stdout, _ = call("eval", "-m", trained, "--prior", "normal", "--metrics", "elbo")
    assert "of elbo" in stdout and "image's class" not in " ".join(stdout.split())
    code, stdout, _ = call("eval", "-m", trained, "--json", "-q", "--prior", "normal", "--metrics", "elbo")
    assert json.loads(stdout)["prior"] == "normal" and json.loads(stdout)["elbo"] < document["elbo"]
    classes = document["classes"]
    assert list(classes) == list(data.class_names)
    assert sum(values["n_images"] for values in classes.values()) == len(data.labels)
    mean = sum(values["n_images"] * values["elbo"] for values in classes.values()) / len(data.labels)
    assert mean == pytest.approx(document["elbo"])
    own = expected.per_image["elbo"][data.labels == 3].mean()
    assert classes[data.class_names[3]]["elbo"] == pytest.approx(own)
    code, stdout, _ = call("eval", "-m", trained)
    assert code == 0 and "By class, each image with its label" in stdout and "Ankle boot" in stdout
    assert max(len(line.rstrip()) for line in stdout.splitlines()) <= 80
    code, stdout, stderr = call("eval", "-m", trained, "--json", "--data", labelled(None), "--split", "train")
    assert code == 0 and "has no labels" in stderr and "classes" not in json.loads(stdout)
    code, stdout, stderr = call("eval", "-m", trained, "--json", "--data", labelled(np.arange(300) % 3))
    assert code == 0 and "seen no images of these classes: 0, 1, 2" in " ".join(stderr.split())


def test_eval_without_the_labels(trained, call, check_schema, here):
    """`--no-labels` gives the figures of a model that is given none; they do not compare with those of labels."""
    model, data = Model.open(trained), load_mini("test")
    plain = evaluate(model, data.images, metrics=["elbo"], prior=model.priors.get()).values["elbo"]
    words = ("eval", "-m", trained, "--metrics", "elbo")
    code, stdout, stderr = call(*words, "--json", "-q", "--no-labels", "--save", "plain.npz")
    assert (code, stderr) == (0, "")
    document = json.loads(stdout)
    check_schema("eval", document)
    assert document["labelled"] is False and "classes" not in document
    assert document["elbo"] == pytest.approx(plain)
    assert not read(here / "plain.npz").conditions.labelled
    code, stdout, _ = call(*words, "--json", "-q", "--save", "labelled.npz")
    assert code == 0 and json.loads(stdout)["labelled"] is True and json.loads(stdout)["elbo"] > plain + 0.5
    code, stdout, stderr = call("compare", "plain.npz", "labelled.npz")
    assert code != 0 and "labels: not given to the model and given to the model" in " ".join(stderr.split())
    code, stdout, _ = call(*words, "--no-labels", "--report", "report.html")
    table = " ".join(stdout.split())
    assert "labels no not given to the model" in table and "image's class" not in table
    page = (here / "report.html").read_text("utf-8")
    assert "without their labels" in page and "given to the model with its label" not in page
    code, stdout, _ = call(*words)
    assert "labels yes given to the model" in " ".join(stdout.split())
    assert task(model, names=["elbo"], with_labels=False).values["elbo"] == pytest.approx(plain)


def test_reconstructions_without_the_labels(trained, call, here):
    """Their quality is that of images without labels, too; pictures of any origin have none to leave out."""
    words = ["eval", "-m", trained, "--metrics", "mse", "--quality", "-n", "200", "--seeds", "1", "--json"]
    given, plain = (json.loads(call(*words, *more)[1])["quality"]["rows"] for more in ((), ("--no-labels",)))
    distances = [
        {name: rows[name]["metrics"]["frechet"]["value"] for name in ("samples", "reconstructions")}
        for rows in (given, plain)
    ]
    assert distances[0]["reconstructions"] != distances[1]["reconstructions"]
    assert distances[0]["samples"] == distances[1]["samples"]
    code, _, stderr = call("eval", "--samples", here, "--no-labels")
    assert code == 2 and "--no-labels must be left out with --samples" in " ".join(stderr.split())


def test_samples_of_a_label(trained, call, here):
    """The decoder gets the label: with N(0, I) the same latents give other pictures for each class."""
    model = Model.open(trained)
    assert (
        call("sample", "-m", trained, "--label", "boot", "--prior", "normal", "-n", "3", "-o", "a.npy")[0]
        == 0
    )
    expected = model.decode(model.draw(3, prior="normal"), labels=9)
    pictures = np.load(here / "a.npy")
    assert np.abs(pictures - 255 * expected).max() <= 0.51
    assert np.array_equal(model.sample(3, prior="normal", label="boot"), expected)
    assert not np.allclose(model.sample(3, prior="normal", label="Bag"), expected, atol=1e-3)
    drawn = model.draw(3, label="boot")
    np.testing.assert_array_equal(model.sample(3, label="boot"), model.decode(drawn, labels="boot"))
    code, _, stderr = call("sample", "-m", trained, "--label", "all", "-n", "2", "-o", "all.npy")
    assert code == 0 and np.load(here / "all.npy").shape == (20, 28, 28, 1), stderr
    code, _, stderr = call("sample", "-m", trained, "--label", "shoe")
    assert code == 2 and "--label" in stderr


@pytest.mark.parametrize("path", ["linear", "spherical", "even"])
def test_interpolate_crosses_the_labels(trained, call, here, path):
    """Pictures of the data have their own; on the way the label changes with the latents, ends exact."""
    model, data = Model.open(trained), load_mini("test")
    first, last = (int(np.flatnonzero(data.labels == label)[0]) for label in (0, 9))
    words = [f"test:{first}", f"test:{last}", "--steps", "5", "--path", path, "-m", trained, "-o", "way.npy"]
    code, _, stderr = call("interpolate", *words)
    assert code == 0 and "labels: T-shirt/top, Ankle boot" in stderr
    ends = model.reconstruct(data.images[[first, last]], [0, 9])
    way = np.load(here / "way.npy")
    assert np.abs(way[[0, -1]] - 255 * ends).max() <= 0.51
    if path == "linear":
        z = model.encode(data.images[[first, last]], [0, 9])[0]
        weights = np.zeros((1, 10), np.float32)
        weights[0, [0, 9]] = 0.5
        middle = model.decode(z.mean(axis=0, keepdims=True), weights)
        assert np.abs(way[2] - 255 * middle[0]).max() <= 1


def test_interpolate_keeps_a_label(trained, call, here):
    """Files have no label unless --label names one, for all or for each; a grid has labels, too."""
    model, data = Model.open(trained), load_mini("test")
    np.save(here / "own.npy", data.images[:4, :, :, 0])
    files = ["own.npy", "-m", trained, "--steps", "3", "--grid", "-o"]
    code, _, stderr = call("interpolate", *files, "plain.npy")
    assert code == 0 and "labels:" not in stderr, stderr
    plain = model.reconstruct(data.images[:4])
    assert np.abs(np.load(here / "plain.npy")[[0, 2, 6, 8]] - 255 * plain).max() <= 0.51
    code, _, stderr = call("interpolate", *files, "boots.png", "--label", "boot")
    assert code == 0 and "labels: Ankle boot, Ankle boot, Ankle boot, Ankle boot" in stderr
    code, stdout, _ = call("info", "boots.png")
    assert code == 0 and "boot" in stdout
    code, _, stderr = call("interpolate", *files, "boots.npy", "--label", "boot")
    boots = model.reconstruct(data.images[:4], 9)
    assert np.abs(np.load(here / "boots.npy")[[0, 2, 6, 8]] - 255 * boots).max() <= 0.51
    code, _, stderr = call("interpolate", *files, "x.npy", "--label", "boot", "--label", "bag")
    assert code == 2 and "once for each of 4 pictures, got 2 times" in " ".join(
        stderr.replace("│", "").split()
    )
    assert not (here / "x.npy").exists()


def test_the_recipe_of_a_way_repeats_it(trained, call, here):
    """The printed command has the labels, and makes the same picture."""
    code, _, stderr = call("interpolate", "test:0", "test:1", "--label", "boot", "-m", trained, "-o", "a.png")
    assert code == 0, stderr
    code, stdout, _ = call("info", "a.png", "--json")
    command = json.loads(stdout)["command"]
    assert code == 0 and "--label boot" in command
    code, _, stderr = call(
        "sample", "--label", "boot", "--prior", "normal", "-n", "2", "-m", trained, "-o", "b.png"
    )
    code, stdout, _ = call("info", "b.png", "--json")
    assert "--prior normal" in json.loads(stdout)["command"], stderr


def test_a_model_without_labels_takes_none(call, model_folder):
    """`interpolate --label` says which model would."""
    code, _, stderr = call("interpolate", "test:0", "test:1", "--label", "boot", "-m", model_folder)
    assert code == 2 and "the model is not conditional" in stderr


def test_images_without_labels(call, labelled, here):
    """They are refused before a run is made."""
    code, _, stderr = call("train", "--data", labelled(None), *SMALL, "--conditional", "-o", "run")
    assert code == 2 and "--conditional needs labelled images" in stderr and not (here / "run").exists()


def test_the_files_work_with_onnxruntime_alone(trained, process):
    """The example gives no label."""
    script = pathlib.Path(__file__).parents[2] / "examples" / "onnx_alone.py"
    words = ["onnx_alone.py", str(trained / "model")]
    result = process(code=f"import runpy, sys; sys.argv = {words}; runpy.run_path({str(script)!r})")
    assert result.stdout.startswith(b"4 pictures of (28, 28, 1), mean pixel 0."), result.stderr.decode()


def test_labels_with_a_gap_and_a_class_of_one_image(call, labelled):
    """They train; a class without training images is named, and cannot be asked for."""
    labels = np.arange(300) % 3
    labels[labels == 2] = 4  # no 2, no 3
    labels[7] = 5
    code, _, stderr = call("train", "--data", labelled(labels), *SMALL[:-1], "--conditional", "-o", "run")
    assert code == 0 and "cannot be sampled by label: 2, 3" in " ".join(stderr.split())
    model = Model.open("run")
    assert model.info.data["class_counts"][2:4] == [0, 0]
    model.decode(np.zeros((2, 2)), labels=["4", "0"])
    with pytest.raises(OptionError, match="has seen none of '2'"):
        model.decode(np.zeros((2, 2)), labels="2")
    assert np.isfinite(model.sample(2, label="5")).all()  # one image: no mixture, hence N(0, I)
    code, _, stderr = call("sample", "-m", "run", "--label", "2")
    assert code == 2 and "--label must name a class with training images" in " ".join(stderr.split())
    code, _, stderr = call("sample", "-m", "run", "--label", "all", "-n", "2", "-o", "all.png")
    assert code == 0 and "Without '2', '3'" in stderr
    words = ("sample", "-m", "run", "--prior", "mixture", "--label")
    code, _, stderr = call(*words, "5", "-o", "none.png")
    assert code == 1 and "no mixture of the class '5'" in stderr and "Leave --prior out" in stderr
    code, _, stderr = call(*words, "all", "-n", "2", "-o", "mixtures.npy", "--show")
    assert code == 0 and "Without '2', '3', '5'" in stderr and "▀" in stderr, stderr
    assert len(np.load("mixtures.npy")) == 2 * 3


def test_a_class_without_training_images(call, labelled):
    """Its only image is held out: it is measured without a label, and the other classes have their mixtures."""
    images = load_mini("train")
    options = TrainOptions(validation_split=0.2)
    few = dataclasses.replace(images, images=images.images[:300], labels=np.arange(300) % 2)
    labels = np.arange(300) % 2
    labels[np.flatnonzero(Division.of(options).held_out(few))[0]] = 2
    folder = labelled(labels)
    words = [*SMALL[:-1], "--conditional", "--validation-split", "0.2", "-o", "run"]
    code, _, stderr = call("train", "--data", folder, *words)
    assert (
        code == 0
        and "no mixture" not in stderr
        and "cannot be sampled by label: 2" in " ".join(stderr.split())
    )
    model = Model.open("run")
    assert model.info.data["class_counts"][2] == 0
    assert [model.priors.get("mixture", label=label).name for label in (None, "0", "1")] == ["mixture"] * 3
    assert call("prior", "-m", "run", "--components", "2")[0] == 0
    assert call("eval", "-m", "run", "--split", "validation", "--metrics", "elbo")[0] == 0


def test_the_recipe_of_classes_that_differ_in_their_prior(call, labelled):
    """The first row is drawn from N(0, I), the second from its mixture; the command makes the same picture."""
    labels = np.arange(300) % 2
    labels[7] = 5
    code, _, stderr = call(
        "train", "--data", labelled(labels), *SMALL[:-1], "--conditional", "-q", "-o", "run"
    )
    assert code == 0, stderr
    priors = Model.open("run").priors
    assert [priors.get(label=label).name for label in ("5", "0")] == ["normal", "mixture"]
    assert call("sample", "-m", "run", "--label", "5", "--label", "0", "-n", "3", "-o", "a.png")[0] == 0
    command = json.loads(call("info", "a.png", "--json")[1])["command"]
    assert "--prior" not in command
    again = command.replace("vaecli ", "").replace("MODEL", "run").replace("samples.png", "b.png")
    assert call(*shlex.split(again))[0] == 0
    assert pathlib.Path("a.png").read_bytes() == pathlib.Path("b.png").read_bytes()


def test_other_labels_are_named_on_resuming(call, labelled):
    """The images are the same and the labels are not: the message says so."""
    folder = labelled(np.arange(300) % 3)
    code, _, stderr = call("train", "--data", folder, *SMALL, "--conditional", "-o", "run")
    assert code == 0, stderr
    labelled((np.arange(300) + 1) % 3)
    code, _, stderr = call("train", "--resume", "run", "--epochs", "3")
    assert code == 1 and "but some pixels or labels differ: '0' had" in " ".join(stderr.split())


def test_start_from_a_run_without_labels(call, trained):
    """The difference is named."""
    code, _, stderr = call(
        "train", "--data", "fashion-mnist-mini", *SMALL, "--start-from", trained, "-o", "other"
    )
    text = " ".join(stderr.replace("│", "").split())
    assert code == 2 and "has --conditional (10 classes), and this run would have no --conditional" in text
    assert "Train with --conditional, or leave --start-from out." in text


def test_json_of_a_dry_run(call, check_schema):
    """The forecast counts the weights that the label adds."""
    documents = []
    for more in ([], ["--conditional"]):
        code, stdout, stderr = call(
            "train", "--data", "fashion-mnist-mini", *SMALL, "--dry-run", "--json", *more
        )
        assert code == 0, stderr
        documents.append(json.loads(stdout))
    check_schema("train-dry-run", *documents)
    assert documents[1]["weights"] - documents[0]["weights"] == 2 * 10 * 32

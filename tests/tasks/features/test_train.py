"""`vaecli features train`: a classifier that works, and what is refused before anything is written."""

import json

import numpy as np
import pytest

from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.errors import DataError, OptionError, OutputError
from vaecli.runtime.classifier import Classifier
from vaecli.tasks.features.train import FeatureOptions, train_features

pytestmark = pytest.mark.train


@pytest.fixture
def labelled(here):
    """A folder of 400 labelled images of 14 x 14."""
    (here / "mine").mkdir()
    data = load_mini("train")
    (here / "mine" / "train-images-idx3-ubyte").write_bytes(encode_idx(data.images[:400, ::2, ::2, 0]))
    (here / "mine" / "train-labels-idx1-ubyte").write_bytes(encode_idx(data.labels[:400].astype(np.uint8)))
    return here / "mine"


def test_a_trained_classifier_is_better_than_chance(call, check_schema, labelled):
    """The file opens and finds most classes after 12 epochs; the JSON tells the same of it."""
    code, stdout, stderr = call("features", "train", "--data", labelled, "--epochs", 12, "--json", "--quiet")
    assert (code, stderr) == (0, "")
    document = json.loads(stdout)
    check_schema("features-train", document)
    classifier = Classifier.open(document["out"])
    data = load_mini("test")
    logits = classifier.classify(data.images[:, ::2, ::2]).logits
    assert (logits.argmax(axis=1) == data.labels).mean() > 0.5
    assert classifier.info.image_shape == (14, 14, 1)
    assert classifier.info.accuracy == document["accuracy"] > 0.5
    assert document["images"] + document["held_out"] == 400
    history = document["history"]
    assert [row["epoch"] for row in history] == list(range(1, 13))
    assert history[-1]["loss"] < history[0]["loss"]
    assert max(row["accuracy"] for row in history) == document["accuracy"]
    assert [row["epoch"] for row in history if row["best"]][-1] == document["best_epoch"]


def test_each_epoch_is_shown(call, labelled):
    """A line for each epoch with loss and accuracy on stderr, also beside --json; the path alone on stdout."""
    code, stdout, stderr = call("features", "train", "--data", labelled, "--epochs", 2)
    assert (code, stdout) == (0, "features.onnx\n")
    lines = [line for line in stderr.splitlines() if line.startswith("epoch ")]
    assert [line.split()[1] for line in lines] == ["1/2", "2/2"]
    assert all("loss " in line and "held-out accuracy " in line for line in lines)
    assert "Seconds: training " in stderr


def test_progress_goes_from_nothing_to_all_images(labelled):
    """Each kind of work reports its beginning, never goes back, and comes to its end."""
    reports = {}

    def pictures(name, done, total):
        reports.setdefault(name, []).append((done, total))

    train_features(str(labelled), options=FeatureOptions(epochs=2), out="x.onnx", pictures=pictures)
    assert {"Loading TensorFlow", "Training", "Converting to ONNX"} <= set(reports)
    for name in ("Loading TensorFlow", "Training", "Converting to ONNX"):
        counts = [done for done, _ in reports[name]]
        assert counts == sorted(counts) and counts[-1] == reports[name][-1][1], name


def test_the_same_seed_gives_the_same_classifier(labelled):
    """Weights, order, augmentation and held-out images follow from the seed."""
    options = FeatureOptions(epochs=1, augment="flip,shift", seed=3)
    paths = [train_features(str(labelled), options=options, out=f"{name}.onnx").path for name in "ab"]
    images = load_mini("test").images[:9, ::2, ::2]
    first, second = (Classifier.open(path).classify(images) for path in paths)
    assert first.features == pytest.approx(second.features, abs=1e-3)


def test_refusals(labelled):
    """No labels, one class, another suffix, a taken name: an error each, and no file."""
    labels = labelled / "train-labels-idx1-ubyte"
    with pytest.raises(OptionError, match=r"--out must end in \.onnx, got x\.npy"):
        train_features(str(labelled), out="x.npy")
    with pytest.raises(OptionError, match="--epochs must be at least 1, got 0"):
        FeatureOptions(epochs=0)
    labels.write_bytes(encode_idx(np.full(400, 3, np.uint8)))
    with pytest.raises(DataError, match="must have images of 2 to 4,096 classes, got 1"):
        train_features(str(labelled), out="x.onnx")
    labels.unlink()
    with pytest.raises(DataError, match="have no labels"):
        train_features(str(labelled), out="x.onnx")
    labelled.with_name("x.onnx").write_bytes(b"mine")
    with pytest.raises(OutputError, match=r"x\.onnx"):
        train_features(str(labelled), out="x.onnx")
    assert sorted(path.name for path in labelled.parent.iterdir()) == ["mine", "x.onnx"]
    assert labelled.with_name("x.onnx").read_bytes() == b"mine"


def test_features_have_one_scale(labelled):
    """The mean variance of the features is about 1, whatever the data: distances are of one size."""
    made = train_features(str(labelled), options=FeatureOptions(epochs=4), out="a.onnx")
    features = Classifier.open(made.path).classify(load_mini("train").images[:400, ::2, ::2]).features
    assert 0.5 < features.var(axis=0).mean() < 2

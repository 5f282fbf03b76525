"""Reduced-precision files of a conditional model: they take its label in their first layer, as float32 does."""

import numpy as np
import pytest

from vaecli.errors import ParityError
from vaecli.export import degradation
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model
from vaecli.tasks.verify import verify

pytestmark = pytest.mark.train

SHAPE = (12, 10, 1)
CLASSES = ("a", "b", "c", "d")
COUNTS = [5, 5, 0, 5]  # images of each: the model has seen none of "c"


@pytest.fixture(scope="module", params=["conv", "dense", "classic"])
def folder(request, build_vae, describe, noise_images, tmp_path_factory):
    """A folder with all five files. Not to be written to."""
    from vaecli.export.folder import export_folder
    from vaecli.training.networks import table

    network = request.param
    size = table.size(network, SHAPE, width=32)
    vae = build_vae(SHAPE, network=network, size=size, label_count=len(CLASSES), deviation=0.02)
    data = {"name": "made up", "count": 15, "class_counts": COUNTS}
    info = describe(SHAPE, network=network, class_names=CLASSES, inputs=("z", "label"), data=data)
    folder = tmp_path_factory.mktemp("export") / "model"
    export_folder(vae, info, noise_images(SHAPE), folder, precisions=["int8", "fp16"])
    return folder


@pytest.mark.parametrize(("precision", "levels"), [("int8", 1), ("fp16", 0.05)])
def test_every_label_is_close_to_float32(folder, precision, levels):
    """Pictures of each class, of none and of two crossed are those of float32; each class has its own."""
    exact, reduced = Model.open(folder), Model.open(folder, precision=precision)
    assert reduced.info.inputs == exact.info.inputs == ("z", "label")
    z = exact.draw(40)
    crossed = np.tile(np.float32([0.5, 0, 0, 0.5]), (40, 1))
    pictures = {}
    for name, labels in {"none": None, "a": "a", "d": "d", "crossed": crossed}.items():
        pictures[name] = reduced.decode(z, labels)
        gap = np.abs(pictures[name] - exact.decode(z, labels)).mean()
        assert 0 < 255 * gap < levels, name
    distinct = [np.abs(pictures[name] - pictures["none"]).mean() * 255 for name in ("a", "d", "crossed")]
    assert min(distinct) > 2 * levels


def test_files_verify(folder):
    """Golden vectors of all five files hold a label, and pass."""
    rows = verify(folder)
    assert len({row.file for row in rows}) == 5 and all(row.passed for row in rows)
    for path in folder.glob("*.onnx"):
        assert read_file(path).golden().inputs["label"].any()


def test_labels_in_turn(folder, describe):
    """Each class with training images, and none; a model without labels has no turn."""
    labels = degradation.labels_in_turn(Model.open(folder).info, 6)
    np.testing.assert_array_equal(labels, [0, 1, 3, -1, 0, 1])
    assert degradation.labels_in_turn(describe(SHAPE), 6) is None


def test_a_lost_label_is_seen(folder, alter, set_to, noise_images):
    """An int8 decoder that ignores the label exceeds the bound, though without a label it is right."""
    from onnx import numpy_helper

    def without_label(tensors, nodes):
        kernel = tensors[next(node for node in nodes if node.op_type == "Gemm").input[1]]
        weights = numpy_helper.to_array(kernel).copy()
        weights[-len(CLASSES) :] = 0
        set_to(kernel, weights)

    altered = Model.open(alter(folder, "decoder.int8.onnx", without_label), precision="int8")
    exact = Model.open(folder)
    z = exact.draw(20)
    assert 255 * np.abs(altered.decode(z) - exact.decode(z)).mean() < 1
    measured = degradation.measure(exact, altered, noise_images(SHAPE).validation, seed=4)
    with pytest.raises(ParityError, match="int8 decoder must differ"):
        degradation.require(measured, "int8", values=120)

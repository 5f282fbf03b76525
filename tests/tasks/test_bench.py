"""The bench task: every file is measured, its figures are consistent, and baselines decode the same weights."""

import shutil

import numpy as np
import pytest

from vaecli import processors
from vaecli.errors import ModelError, OptionError
from vaecli.modelfile.read import read_file
from vaecli.runtime.default_session import DefaultSession
from vaecli.runtime.session import Session
from vaecli.tasks import bench as tasks_bench
from vaecli.tasks.bench import BATCHES, Measurement, bench
from vaecli.tasks.bench_ratios import Ratio, ratios


@pytest.fixture(autouse=True)
def two_threads(monkeypatch):
    """Measure as on a machine with two processors."""
    monkeypatch.setattr(processors, "available", lambda: 2)


def test_every_file_batch_and_thread_count(model_folder):
    """Both files are measured at each batch size with one thread and all; speed and times are consistent."""
    progress = []
    measured = bench(model_folder, seconds=0.004, progress=lambda *done: progress.append(done))
    assert [(entry.file, entry.batch, entry.threads) for entry in measured] == [
        (file, batch, count)
        for file in ("encoder.onnx", "decoder.onnx")
        for batch in BATCHES
        for count in (1, 2)
    ]
    assert progress[-1] == (12, 12)
    for entry in measured:
        assert entry.runtime == "vaecli"
        assert 0 < entry.p50_ms <= entry.p99_ms
        assert entry.calls >= 4
        assert entry.images_per_second * entry.p50_ms == pytest.approx(1e3 * entry.batch)


def test_one_precision_and_other_batches(small_folder):
    """Only the decoder of that precision is measured, and the encoder."""
    measured = bench(small_folder, seconds=0.004, precision="int8", batches=[3])
    assert {(entry.file, entry.precision, entry.batch) for entry in measured} == {
        ("encoder.onnx", "float32", 3),
        ("decoder.int8.onnx", "int8", 3),
    }


def test_against_adds_the_default_session_and_notes_what_is_left_out(model_folder, tmp_path):
    """Each batch size gets a row for onnxruntime; without a run there is no Keras decoder, which a note says."""
    shutil.copy(model_folder / "decoder.onnx", tmp_path)
    notes = []
    measured = bench(tmp_path, seconds=0.004, against=True, note=notes.append)
    runtimes = [entry.runtime for entry in measured if entry.batch == 1]
    assert runtimes == ["vaecli", "vaecli", "onnxruntime"]
    assert notes == [
        "Keras, PyTorch and OpenVINO are left out: the model is not in a run with its decoder.keras."
    ]
    assert ratios(measured) == []


def test_the_default_session_computes_the_same(model_folder):
    """Both sessions give the same outputs, so that their times compare the same work."""
    file = read_file(model_folder / "decoder.onnx")
    z = np.linspace(-2, 2, 14, dtype=np.float32).reshape(7, 2)
    outputs, baseline = Session(file).run({"z": z}), DefaultSession(file.content).run({"z": z})
    assert outputs.keys() == baseline.keys()
    for name, values in outputs.items():
        np.testing.assert_allclose(values, baseline[name], atol=1e-5)


def test_logits_are_not_measured(model_folder, monkeypatch):
    """Only pictures are requested of a decoder, as the tf2onnx file gives no logits either."""
    requested = set()
    for kind in (Session, DefaultSession):
        real = kind.run

        def recorded(self, batch, names=(), *, real=real):
            requested.add(frozenset(names))
            return real(self, batch, names)

        monkeypatch.setattr(kind, "run", recorded)
    bench(model_folder, seconds=0.004, batches=(1,), against=True)
    assert requested == {frozenset({"image"}), frozenset({"z_mean", "z_log_var"})}


def test_batches_that_are_too_large(model_folder, monkeypatch):
    """Batch sizes whose inputs and outputs exceed the limit are left out with a note; others are measured."""
    monkeypatch.setattr(
        tasks_bench, "MAX_VALUES", 20 * (784 + 2 + 2)
    )  # an encoder's; a decoder has two images
    notes = []
    measured = bench(model_folder, seconds=0.004, batches=(1, 16), note=notes.append)
    assert {(entry.file, entry.batch) for entry in measured} == {
        ("encoder.onnx", 1),
        ("encoder.onnx", 16),
        ("decoder.onnx", 1),
    }
    assert notes == ["decoder.onnx: batch size 16 is left out: it would take more than 1 GiB."]


def test_files_of_two_models(model_folder, small_folder, tmp_path):
    """A decoder of another model is refused, and so is a precision that is missing or a path that is too long."""
    shutil.copy(model_folder / "decoder.onnx", tmp_path)
    shutil.copy(small_folder / "decoder.int8.onnx", tmp_path)
    with pytest.raises(ModelError, match="belong to two models"):
        bench(tmp_path, seconds=0.004)
    with pytest.raises(ModelError, match="no int8 decoder"):
        bench(model_folder, seconds=0.004, precision="int8")
    with pytest.raises(ModelError, match="name too long"):
        bench("x" * 300, seconds=0.004)
    with pytest.raises(OptionError, match="must name a file or folder"):
        bench("", seconds=0.004)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e9, "1", True])
def test_seconds_out_of_range(seconds):
    """The range is checked before anything is opened."""
    with pytest.raises(OptionError, match=r"--seconds must be .*, got"):
        bench("nowhere", seconds=seconds)


@pytest.mark.parametrize("batch", [0, 2**20, 1.5, "1"])
def test_batches_out_of_range(batch):
    """A batch has at least one image, and a limit."""
    with pytest.raises(OptionError, match=r"--batch must be .*, got"):
        bench("nowhere", batches=[batch])


def test_an_unknown_precision():
    """The message names the precisions."""
    with pytest.raises(OptionError, match="--precision must be float32, fp16 or int8, got 'int4'"):
        bench("nowhere", precision="int4")


def measurement(file, runtime, precision, batch, speed):
    return Measurement(file, runtime, precision, 2, batch, speed, 1.0, 1.0, 10)


def test_ratios():
    """Each precision is compared with the fastest of each kind, at each batch size and in bulk."""
    measured = [
        measurement("encoder.onnx", "vaecli", "float32", 1, 1e9),
        measurement("decoder.onnx", "vaecli", "float32", 1, 300),
        measurement("decoder.onnx", "vaecli", "float32", 64, 2000),
        measurement("decoder.onnx", "onnxruntime", "float32", 64, 1e9),  # our own file: not a baseline
        measurement("tf2onnx", "onnxruntime", "float32", 1, 200),
        measurement("tf2onnx", "onnxruntime", "float32", 64, 400),
        measurement("decoder.keras", "torch eager", "float32", 1, 100),
        measurement("decoder.keras", "torch eager", "float32", 64, 1000),
        measurement("decoder.keras", "torch bf16", "bfloat16", 1, 4000),
        measurement("decoder.keras", "torch bf16", "bfloat16", 64, 1000),
    ]
    assert ratios(measured) == [
        Ratio("float32", None, "tf2onnx", "onnxruntime", 5.0),
        Ratio("float32", None, "float32", "torch eager", 2.0),
        Ratio("float32", None, "bfloat16", "torch bf16", 0.5),
        Ratio("float32", 1, "tf2onnx", "onnxruntime", 1.5),
        Ratio("float32", 1, "float32", "onnxruntime", 1.5),
        Ratio("float32", 1, "bfloat16", "torch bf16", 0.075),
        Ratio("float32", 64, "tf2onnx", "onnxruntime", 5.0),
        Ratio("float32", 64, "float32", "torch eager", 2.0),
        Ratio("float32", 64, "bfloat16", "torch bf16", 2.0),
    ]


@pytest.fixture(scope="module")
def tiny_run(tmp_path_factory):
    """The parts of a run that a bench needs: a Keras decoder, and the files made of it."""
    from vaecli.export.describe import untrained
    from vaecli.export.folder import export_folder
    from vaecli.options import TrainOptions
    from vaecli.probability.likelihoods import likelihood
    from vaecli.runs.kept import KeptImages
    from vaecli.training.vae import build

    run = tmp_path_factory.mktemp("runs") / "tiny"
    run.mkdir()
    vae = build("classic", likelihood("bernoulli"), (8, 9, 1), 2, seed=3)
    vae.decoder.get_layer("logits").kernel.assign(0.3 * vae.decoder.get_layer("logits").kernel)
    vae.decoder.save(run / "decoder.keras")
    data = {
        "name": "made up",
        "sha256": "0",
        "count": 1,
        "validation_count": 1,
        "image_shape": [8, 9, 1],
        "polarity": "light-on-dark",
        "photo": "fashion",
        "kind": "folder",
        "stretch": None,
        "class_names": [],
    }
    images = np.random.default_rng(0).integers(0, 256, (10, 8, 9, 1), dtype=np.uint8)
    facts = untrained(data, TrainOptions(latent_dim=2))
    export_folder(vae, facts, KeptImages(images, images), run / "model", precisions=["int8"])
    return run


@pytest.mark.train
def test_against_the_baselines_of_a_run(tiny_run, monkeypatch):
    """Baselines take part from within the model folder, and when only int8 is measured."""
    monkeypatch.chdir(tiny_run / "model")
    notes = []
    options = {"seconds": 0.02, "batches": [4], "precision": "int8", "against": True, "note": notes.append}
    measured = bench(".", **options)
    precisions = {(entry.file, entry.runtime): entry.precision for entry in measured}
    assert precisions["decoder.int8.onnx", "vaecli"] == "int8"
    assert precisions["tf2onnx", "onnxruntime"] == precisions["decoder.keras", "Keras predict"] == "float32"
    assert ("decoder.keras", "tf.function") in precisions
    assert ("decoder.onnx", "vaecli") not in precisions
    assert not [note for note in notes if "differ" in note]
    kinds = {(ratio.precision, ratio.kind, ratio.batch) for ratio in ratios(measured)}
    assert {("int8", "tf2onnx", None), ("int8", "float32", 4)} <= kinds


@pytest.mark.train
def test_a_baseline_of_other_weights_is_left_out(tiny_run, tmp_path):
    """A decoder.keras that does not decode the pictures of the files is not compared with them."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    run = shutil.copytree(tiny_run, tmp_path / "run")
    build("classic", likelihood("bernoulli"), (8, 9, 1), 2, seed=4).decoder.save(run / "decoder.keras")
    notes = []
    measured = bench(run, seconds=0.02, batches=[4], against=True, note=notes.append)
    assert "decoder.keras" not in {entry.file for entry in measured}
    assert any(note.startswith("Keras predict is left out: its pictures differ by up to ") for note in notes)

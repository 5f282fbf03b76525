"""Fixtures that tests of several packages share: the committed models, the program, model files made by hand."""

import dataclasses
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

import hypothesis
import jsonschema
import numpy as np
import pytest

import vaecli.cli
from vaecli.cli.main import main
from vaecli.cli.stopping import SIGNALS
from vaecli.data.load import load
from vaecli.data.named.bundled import load_mini
from vaecli.latent.summary import summarise
from vaecli.metrics.encoded import encode
from vaecli.metrics.prior_fit import PriorOptions, fit_priors
from vaecli.metrics.probes import Share
from vaecli.metrics.samples.compare import Comparison
from vaecli.metrics.samples.copies import Ratio
from vaecli.metrics.samples.table import SAMPLE_METRICS
from vaecli.metrics.saved.evaluation import Conditions, MeasuredModel, SampleQuality, SavedEvaluation
from vaecli.metrics.saved.latents import SavedProbes
from vaecli.metrics.score_fit import fit_scorer
from vaecli.modelfile import protobuf, write
from vaecli.modelfile.facts import KEY_FACTS, from_arrays
from vaecli.modelfile.metadata import KEY_DIGEST, KEY_FORMAT, KEY_INFO
from vaecli.modelfile.read import read_file
from vaecli.modelfile.score_facts import KEY_SCORE
from vaecli.modelfile.write import with_digest, with_metadata
from vaecli.probability.gaussian import kl_to_standard_normal
from vaecli.runtime.model import Model
from vaecli.runtime.priors import to_stored
from vaecli.runtime.scoring import to_facts
from vaecli.tasks.quality.probe_result import ProbeRow, Probes
from vaecli.tasks.quality.result import ClassRow, Copies, FeaturesUsed, Pair, Quality

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("patient")
for _name in ("FORCE_COLOR", "GITHUB_ACTIONS", "NO_COLOR", "PY_COLORS", "TERMINAL_WIDTH", "TTY_COMPATIBLE"):
    os.environ.pop(_name, None)  # with them rich and typer write colour into a pipe, or choose another width

for _signal in SIGNALS:  # under nohup SIGHUP is ignored, and would be in the processes that tests start
    if signal.getsignal(_signal) is signal.SIG_IGN:
        signal.signal(_signal, signal.SIG_DFL)

MINI_2D = pathlib.Path(__file__).parent / "models" / "mini-2d"
SMALL = MINI_2D.with_name("small")
SCHEMAS = pathlib.Path(vaecli.cli.__path__[0]) / "schemas"


@pytest.fixture(scope="session")
def model_folder():
    """The committed model: D = 2, 28 x 28 grey, trained on fashion-mnist-mini. Not to be written to."""
    return MINI_2D


@pytest.fixture(scope="session")
def small_folder():
    """The other committed model: D = 2, 14 x 13 grey, with decoders of all precisions. Not to be written to."""
    return SMALL


@pytest.fixture(scope="session")
def model():
    """The committed model, opened once."""
    return Model.open(MINI_2D)


def with_score(folder, target, facts=None):
    """Copy a model folder; give its decoders what `score` needs, by default fitted on the bundled images."""
    shutil.copytree(folder, target)
    if facts is None:
        data = load("fashion-mnist-mini", "train", download=False)
        held_out = np.arange(len(data.images)) % 5 == 0
        facts = to_facts(fit_scorer(Model.open(target), data.images, held_out))
    for path in target.glob("decoder*.onnx"):
        content = path.read_bytes()
        entries = {key: text for key, (text, _) in protobuf.metadata(content).items() if key != KEY_DIGEST}
        path.write_bytes(with_metadata(content, entries | {KEY_SCORE: facts.to_text()}))
    return target


@pytest.fixture(scope="session")
def scored_folder(tmp_path_factory):
    """The model of `model_folder`, with what `score` needs, fitted on fashion-mnist-mini. Not to be written to."""
    return with_score(MINI_2D, tmp_path_factory.mktemp("scored") / "model")


@pytest.fixture(scope="session")
def scored_model(scored_folder):
    """The model of `scored_folder`, opened once."""
    return Model.open(scored_folder)


@pytest.fixture(scope="session")
def mixed_folder(tmp_path_factory):
    """The model of `model_folder` with a mixture as prior and one of each class but Coat. Not to be written to."""
    data, target = load_mini("train"), tmp_path_factory.mktemp("mixed") / "model"
    images, labels = data.images[:2000], data.labels[:2000]
    coat = data.class_names.index("Coat")
    kept = np.flatnonzero((labels != coat) | (np.cumsum(labels == coat) <= 5))
    held_out = np.arange(len(kept)) % 5 == 0
    model = Model.open(MINI_2D)
    encoded = encode(model, images[kept], held_out, labels[kept], seed=0)
    stored = to_stored(fit_priors(encoded, PriorOptions(components=6), class_count=len(data.class_names)))
    return with_prior(MINI_2D, target, stored)


def with_prior(folder, target, stored):
    """Copy a model folder with another prior."""
    shutil.copytree(folder, target)
    for path in target.glob("*coder*.onnx"):
        file = read_file(path)
        path.write_bytes(write.with_prior(file, file.info, stored))
    return target


@pytest.fixture(scope="session")
def binary_folder(tmp_path_factory):
    """The model of `model_folder` as one of binary pixels. Not to be written to."""
    target = tmp_path_factory.mktemp("binary") / "model"
    shutil.copytree(MINI_2D, target)
    for path in target.glob("*coder*.onnx"):
        file = read_file(path)
        info = file.info.replace(likelihood=file.info.likelihood | {"binarised": True})
        path.write_bytes(write.with_metadata(file.content, file.metadata | info.to_metadata()))
    return target


@pytest.fixture(scope="session")
def replace_prior():
    """Copies a model folder to a new one, with a prior of its own, forged or not."""
    return with_prior


@pytest.fixture(scope="session")
def mixed_model(mixed_folder):
    """The model of `mixed_folder`, opened once."""
    return Model.open(mixed_folder)


@pytest.fixture(scope="session")
def measured_folder(model, add_facts, tmp_path_factory):
    """A copy of the first committed model whose decoder has facts about 1,000 pictures. Not to be written to."""
    data = load_mini("train")
    images, labels = data.images[:1000], data.labels[:1000]
    z_mean, z_log_var = model.encode(images)
    kl = kl_to_standard_normal(z_mean.astype(float), z_log_var.astype(float), np)
    arrays = summarise(z_mean, kl, labels, len(data.class_names))
    facts = from_arrays(arrays, latent_dim=2, class_count=len(data.class_names))
    return add_facts(MINI_2D, tmp_path_factory.mktemp("measured") / "model", facts)


@pytest.fixture(scope="session")
def add_facts():
    """Copies a model folder to a new one, with other facts in its decoder; returns the new folder."""

    def add_facts(source, folder, facts):
        shutil.copytree(source, folder)
        decoder = folder / "decoder.onnx"
        content = decoder.read_bytes()
        entries = {key: value for key, (value, _) in protobuf.metadata(content).items() if key != KEY_DIGEST}
        decoder.write_bytes(with_metadata(content, entries | {KEY_FACTS: facts.to_text()}))
        return folder

    return add_facts


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder, which is the current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(here, monkeypatch, capsys):
    """Runs the program in this process, through its real `main`: (exit code, stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "80")

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["vaecli", *map(str, arguments)])
        before = {number: signal.getsignal(number) for number in SIGNALS}
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code or 0
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def process(here):
    """Runs the program, or Python code in its place, as a process; its output is bytes."""

    def process(*arguments, code=None, **environment):
        command = [sys.executable, "-m", "vaecli"] if code is None else [sys.executable, "-c", code]
        return subprocess.run(
            [*command, *map(str, arguments)],
            cwd=here,
            env=os.environ | {"COLUMNS": "80"} | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=600,
            check=False,
        )

    return process


@pytest.fixture
def two_workers(tmp_path):
    """Starts a command as two workers of a cluster on this machine."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
    hosts = [f"127.0.0.1:{server.getsockname()[1]}" for server in sockets]
    for server in sockets:
        server.close()
    processes = []

    def start(*command, to_chief=(), to_other=()):
        for index, more in enumerate((to_chief, to_other)):
            folder = tmp_path / str(index)
            folder.mkdir(exist_ok=True)
            tf_config = {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
            processes.append(
                subprocess.Popen(
                    [sys.executable, *map(str, (*command, *more))],
                    cwd=folder,
                    env=os.environ | {"TF_CONFIG": json.dumps(tf_config)},
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    text=True,
                )
            )
        return processes[-2:]

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session")
def check_schema():
    """Checks that JSON documents fit the committed JSON Schema of a command."""

    def check_schema(command, *documents):
        schema = json.loads((SCHEMAS / f"{command}.json").read_text(encoding="utf-8"))
        jsonschema.Draft202012Validator.check_schema(schema)
        for document in documents:
            jsonschema.validate(document, schema, jsonschema.Draft202012Validator)

    return check_schema


@pytest.fixture(scope="session")
def contents():
    """Reads everything below a folder: relative path -> bytes, or None for a folder."""

    def contents(folder):
        paths = sorted(pathlib.Path(folder).rglob("*"))
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None for path in paths
        }

    return contents


class Forge:
    """Makes .onnx files by hand, with a correct digest whatever is in them."""

    field = staticmethod(protobuf.field)
    varint = staticmethod(protobuf.varint_bytes)
    stamp = staticmethod(with_digest)
    with_entries = staticmethod(with_metadata)

    @staticmethod
    def change_info(path, changes):
        """Change entries of the info of a model file, in place."""
        content = path.read_bytes()
        entries = {key: text for key, (text, _) in protobuf.metadata(content).items() if key != KEY_DIGEST}
        entries[KEY_INFO] = json.dumps(json.loads(entries[KEY_INFO]) | changes)
        path.write_bytes(with_metadata(content, entries))

    @classmethod
    def model(cls, entries, graph=b""):
        """Return a ModelProto with a graph and metadata entries; a digest only if it is one of them."""
        content = protobuf.field(protobuf.GRAPH, graph)
        for key, value in entries.items():
            entry = protobuf.field(1, key.encode()) + protobuf.field(2, value.encode())
            content += protobuf.field(protobuf.METADATA_PROPS, entry)
        return content

    @classmethod
    def stamped(cls, entries, graph=b""):
        """Return a ModelProto with a graph, metadata entries and a correct digest."""
        return with_metadata(protobuf.field(protobuf.GRAPH, graph), entries)

    @staticmethod
    def entries(path):
        """Return the format and the info of a file: its metadata without golden vectors and digest."""
        stored = protobuf.metadata(path.read_bytes())
        return {key: stored[key][0] for key in (KEY_FORMAT, KEY_INFO)}


@pytest.fixture(scope="session")
def forge():
    """The class `Forge`."""
    return Forge


@pytest.fixture(scope="session")
def make_saved():
    """Makes a saved evaluation of N images; changes are named `conditions__seed`, `model__seed` or `per_image`."""

    def make_saved(count=5, quality=None, **changes):
        values = np.random.default_rng(count).normal(size=count)
        saved = SavedEvaluation(
            metrics=("elbo", "mse", "active_units", "kl_dim"),
            per_image={"elbo": -250 + values, "mse": 0.01 + values / 1000},
            kl_dim=(1.5, 0.25),
            totals={"active_units": 2},
            conditions=Conditions(
                data="toys",
                split="test",
                data_sha256="d" * 64,
                n_images=count,
                likelihood="bernoulli",
                binarised=False,
                labelled=False,
                prior="normal",
                importance_samples=0,
                seed=0,
            ),
            model=MeasuredModel(
                name="toys-1",
                model_id="0" * 32,
                decoder_sha256="1" * 64,
                encoder_sha256="2" * 64,
                seed=0,
                settings={"network": "classic", "latent_dim": 2, "image_shape": [28, 28, 1]},
                figures={"val_loss": 251.5},
                software={"vaecli": "0.1.0"},
            ),
            quality=quality,
            created="2026-11-26T12:00:00.000000+00:00",
        )
        for name, value in changes.items():
            part, _, field = name.partition("__")
            changed = dataclasses.replace(getattr(saved, part), **{field: value}) if field else value
            saved = dataclasses.replace(saved, **{part: changed})
        return saved

    return make_saved


@pytest.fixture(scope="session")
def measured_quality():
    """A measured quality of samples with every part: four rows, classes, copies; figures of no model."""

    def comparisons(frechet, seeds=1):
        names = list(SAMPLE_METRICS)
        values = [frechet, frechet / 50, 0.91, 0.62, 0.87, 0.79]
        errors = dict(zip(names, [0.21, 0.005, 0.004, 0.013, 0.018, 0.0046], strict=True))
        return tuple(
            Comparison(
                dict(zip(names, [value * (1 + seed / 100) for value in values], strict=True)),
                errors,
                10_000,
                {"frechet": 1.0, "kernel": 1.0, "neighbours": 1.0},
            )
            for seed in range(seeds)
        )

    classes = tuple(
        ClassRow(name, 0.1, 0.003, 0.1, 0.0095, agreement=0.81, agreement_error=0.012)
        for name in load_mini("test").class_names
    )
    pairs = tuple(Pair(number, 3 * number, 0.5 + number / 10) for number in range(16))
    return Quality(
        features=FeaturesUsed("classifier", "fashion-mnist", "f" * 64, 64),
        reference={"name": "fashion-mnist-mini", "n_images": 1000, "split": "test", "sha256": "d" * 64},
        rows={
            "samples": comparisons(13.2, 5),
            "labelled": comparisons(12.8),
            "reconstructions": comparisons(11.9),
            "training": comparisons(0.47),
        },
        classes=classes,
        copies=Copies(Ratio(0.9, 0.01), 1.8, 2.0, pairs, 1.0),
        prior="mixture",
        seeds=(0, 1, 2, 3, 4),
        seconds={"features": 1.0},
    )


@pytest.fixture(scope="session")
def measured_probes():
    """Measured classes that latents, principal components and pixels predict, with 100 to all 5,000 labels."""
    rows = tuple(
        ProbeRow(name, dimensions, labels, Share(0.845, 0.0036), Share(0.733, 0.0044))
        for labels in (100, 600, 1000, 3000, 5000)
        for name, dimensions in (("latents", 2), ("pca", 2), ("pixels", 784))
    )
    names = {"data": ("fashion-mnist-mini", "d" * 64), "training": ("fashion-mnist-mini", "c" * 64)}
    return Probes(rows, 1000, {"nearest": 1.0}, **names, n_training=5000, seed=0, correct={})


@pytest.fixture(scope="session")
def probes():
    """Classes that latents and pixels predict, with 100 and with all 2,000 labels."""
    rows = {"nearest": 0.84, "linear": 0.75, "nearest_100": 0.66, "linear_100": 0.6}
    return SavedProbes(
        data="toys",
        data_sha256="d" * 64,
        n_images=5,
        training="toys",
        training_sha256="c" * 64,
        n_training=2000,
        seed=0,
        rows={"latents": rows, "pixels": rows},
        errors={"latents": dict.fromkeys(rows, 0.004), "pixels": dict.fromkeys(rows, 0.003)},
    )


@pytest.fixture(scope="session")
def quality():
    """The quality of samples of three seeds, of reconstructions and of training images."""

    def row(error, **values):
        """The values and the errors of a row, by metric; those that are not given are 0.5 for each seed."""
        count = len(values["frechet"])
        values = dict.fromkeys(SAMPLE_METRICS, (0.5,) * count) | values
        return values, dict.fromkeys(values, (error,) * count)

    rows = {
        "samples": row(0.1, frechet=(7.0, 7.5, 8.0), precision=(0.9, 0.91, 0.92)),
        "reconstructions": row(0.05, frechet=(6.0,)),
        "training": row(0.01, frechet=(0.25,)),
    }
    return SampleQuality(
        features="classifier of fashion-mnist",
        features_sha256="f" * 64,
        reference="toys test",
        reference_sha256="d" * 64,
        n_images=1000,
        training="toys",
        training_sha256="c" * 64,
        prior="mixture",
        seeds=(0, 1, 2),
        rows={name: values for name, (values, _) in rows.items()},
        errors={name: errors for name, (_, errors) in rows.items()},
        copies={"ratio": 0.9, "ratio_error": 0.01, "median": 1.8, "median_reference": 2.0},
        agreement=None,
        agreement_error=None,
    )

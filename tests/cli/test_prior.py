"""`vaecli prior` fits or changes the prior of a run; nothing changes where it fails."""

import json
import re
import shutil

import numpy as np
import pytest

from vaecli.config import read_config
from vaecli.data.idx.format import encode_idx
from vaecli.data.named.bundled import load_mini
from vaecli.modelfile.prior_facts import PriorFacts, StoredPrior
from vaecli.modelfile.read import read_file
from vaecli.options import TrainOptions, merge
from vaecli.runs.layout import Run
from vaecli.runs.progress import Watcher
from vaecli.runtime.model import Model
from vaecli.tasks.export import ExportOptions, export, is_current
from vaecli.tasks.train.dry_run import dry_run
from vaecli.tasks.train.train import train
from vaecli.tasks.verify import verify

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run of 600 labelled images with a class of one image, in all precisions."""
    place = tmp_path_factory.mktemp("prior")
    images, labels = load_mini("train").images[:600], np.arange(600).astype(np.uint8) % 3
    labels[0] = 4  # a gap at 3, and one image of the last class
    (place / "data").mkdir()
    (place / "data" / "train-images-idx3-ubyte").write_bytes(encode_idx(images[:, :, :, 0]))
    (place / "data" / "train-labels-idx1-ubyte").write_bytes(encode_idx(labels))
    options = TrainOptions(
        data=str(place / "data"), epochs=1, latent_dim=2, validation_split=0.2, batch_size=64
    )
    run = train(options, out=place / "run").run
    export(run, ExportOptions(precisions=("int8", "fp16"), force=True))
    return Run(run)


@pytest.fixture
def run(finished, tmp_path):
    """A copy of the finished run."""
    return Run(shutil.copytree(finished.path, tmp_path / "run"))


@pytest.fixture
def prior(call, run):
    """`vaecli prior -m RUN ...`: (exit code, stdout, stderr in one line)."""

    def prior(*arguments):
        code, stdout, stderr = call("prior", "-m", run.path, *arguments)
        return code, stdout, " ".join(stderr.replace("│", " ").split())

    return prior


def decoders(run):
    return [read_file(path) for path in sorted(run.model.glob("decoder*.onnx"))]


def other_entries(file):
    return {name: text for name, text in file.metadata.items() if "golden" in name or "facts" in name}


def test_a_trained_model_has_its_prior(finished):
    """All decoders carry the mixtures and name the prior, the card does too; classes of few images have none."""
    files = decoders(finished)
    assert len(files) == 3
    for file in files:
        assert file.info.prior == files[0].info.prior and file.prior_facts().weights is not None
        counts = file.prior_facts().class_components.tolist()
        assert min(counts[:3]) >= 1 and counts[3:] == [0, 0]
    assert re.search(
        r"Prior: (a mixture of \d+ Gaussians|N\(0, I\))", (finished.model / "MODEL_CARD.md").read_text()
    )


def test_another_number_of_components(prior, run, finished, check_schema):
    """Every file changes and stays valid, golden vectors and facts stay, and the run keeps the choice."""
    code, stdout, _ = prior("--components", 2, "--json")
    assert code == 0
    check_schema("prior", json.loads(stdout))
    assert json.loads(stdout)["components"] == 2 and json.loads(stdout)["prior"] == "mixture"
    for file, before in zip(decoders(run), decoders(finished), strict=True):
        assert len(file.prior_facts().weights) == file.info.prior["components"] == 2
        assert other_entries(file) == other_entries(before)
        assert file.info.quantisation == before.info.quantisation
    assert all(row.passed for row in verify(run.path))
    assert "a mixture of 2 Gaussians" in (run.model / "MODEL_CARD.md").read_text()
    assert "| components | 2 |" in (run.model / "MODEL_CARD.md").read_text()
    assert merge(read_config(run.config)).components == 2
    assert is_current(run)
    picture = (run.plots / "samples.png").read_bytes()
    assert picture != (finished.plots / "samples.png").read_bytes()


def test_exports_and_training_keep_the_choice(prior, run, tmp_path):
    """An export takes the mixture over to the bit, without the images too; more epochs fit as many components."""
    assert prior("--components", 2)[0] == 0
    before = read_file(run.model / "decoder.onnx").prior_facts()
    config = run.config.read_text()
    run.config.write_text(config.replace("data = ", 'data = "/nothing/here" # '))
    exported = export(run.path, ExportOptions(tmp_path / "copy", precisions=("fp16",)))
    assert not exported.prior_note
    for name in ("decoder.onnx", "decoder.fp16.onnx"):
        copied = read_file(tmp_path / "copy" / name).prior_facts()
        for array, other in zip(copied.arrays().values(), before.arrays().values(), strict=True):
            np.testing.assert_array_equal(array, other)
    run.config.write_text(config)
    train(resume=run.path, changes={"epochs": 2})
    after = read_file(run.model / "decoder.onnx")
    assert after.info.training["epochs_done"] == 2 and after.info.prior["name"] == "mixture"
    assert len(after.prior_facts().weights) == 2
    assert after.info.training["best_epoch"] == 2
    assert not np.array_equal(after.prior_facts().means, before.means)


def test_without_a_run(call, here):
    """The hint does not name the model that comes along: it has no images to fit a prior to."""
    for name in ("prior", "export"):
        code, _, stderr = call(name)
        assert code == 1 and "no trained model in runs/" in stderr
        assert "the model that comes with vaecli is none" in " ".join(stderr.split()), name


def test_the_name_alone(prior, run):
    """`normal` keeps the mixture in the file, from which `mixture` takes it again; the images are not needed."""
    assert prior("--components", 3)[0] == 0
    mixture = Model.open(run.path).sample(2)
    run.config.write_text(run.config.read_text().replace("data = ", 'data = "/nothing/here" # '))
    assert prior("--prior", "normal")[0] == 0
    normal = Model.open(run.path)
    assert normal.prior.name == "normal" and not np.array_equal(normal.sample(2), mixture)
    np.testing.assert_array_equal(normal.sample(2, prior="mixture"), mixture)
    assert "Prior: N(0, I)." in (run.model / "MODEL_CARD.md").read_text()
    assert prior("--prior", "mixture")[0] == 0
    np.testing.assert_array_equal(Model.open(run.path).sample(2), mixture)


@pytest.mark.parametrize(
    ("words", "expected", "says"),
    [
        (["--components", 0], 2, "0 is not in the range x>=1"),
        (["--components", 1025], 2, "--components must be at most 1024, got 1025"),
        (["--components", 3, "--prior", "normal"], 2, "--components must be left out with --prior normal"),
        (["--components", 40], 1, "Each of the 40 components must have at least 10 images"),
        (["--components", 400], 1, "2 dimensions must have at most 48 components, got 400"),
        (["--prior", "flow"], 2, "'flow' is not one of 'auto', 'normal', 'mixture'"),
    ],
)
def test_options_that_are_refused(prior, run, contents, words, expected, says):
    """The run stays as it was, to the byte."""
    before = contents(run.path)
    code, stdout, stderr = prior(*words)
    assert (code, stdout) == (expected, "") and says in stderr
    assert contents(run.path) == before


def test_images_that_are_gone_or_others(prior, run, contents, finished, tmp_path):
    """Without the run's own images nothing is fitted, and nothing is changed."""
    for place, says in (
        ("/nothing/here", "/nothing/here"),
        (str(tmp_path / "data"), "no longer those of the run"),
    ):
        shutil.copytree(finished.path.parent / "data", tmp_path / "data", dirs_exist_ok=True)
        images = np.zeros((600, 28, 28), np.uint8)
        (tmp_path / "data" / "train-images-idx3-ubyte").write_bytes(encode_idx(images))
        run.config.write_text(re.sub(r'data = ".*"', f'data = "{place}"', run.config.read_text()))
        before = contents(run.path)
        code, _, stderr = prior()
        assert code == 1 and says in stderr
        assert contents(run.path) == before


def test_a_broken_covariance_in_the_run(prior, run, replace_prior, tmp_path):
    """A prior that is refused when it is read is fitted anew by an explicit number of components."""
    stored = read_file(run.model / "decoder.onnx")
    facts = stored.prior_facts()
    broken = type(facts)(**facts.arrays() | {"scales": np.zeros_like(facts.scales)})
    described = StoredPrior(stored.info.prior, broken)
    folder = replace_prior(run.model, tmp_path / "broken", described)
    shutil.copytree(folder, run.model, dirs_exist_ok=True)
    code, _, stderr = prior("--prior", "mixture")
    assert code == 1 and "mixtures of the prior in" in stderr and "do not fit" in stderr
    assert prior("--components", 2)[0] == 0
    assert Model.open(run.path).sample(1).shape == (1, 28, 28, 1)


@pytest.mark.parametrize("facts", ["{}", '{"data": 3}', '{"data": {}}', '{"data": {"sha256": 5}}'])
def test_a_damaged_provenance(prior, run, contents, facts):
    """Without the hash of its images nothing is fitted, and nothing is changed."""
    run.provenance.write_text(facts)
    before = contents(run.path)
    code, stdout, stderr = prior("--components", 2)
    assert (code, stdout) == (1, "") and "provenance.json is damaged" in stderr and "backup" in stderr
    assert contents(run.path) == before


def test_what_is_no_run(call, here, model_folder):
    """An exported folder, or none, has no images to fit to."""
    for path in (model_folder, here / "nothing"):
        code, stdout, stderr = call("prior", "-m", path)
        assert (code, stdout) == (1, "") and "Traceback" not in stderr


def test_a_run_that_another_process_trains(prior, run):
    """The lock of the run is respected."""
    from vaecli.runs.lock import locked

    with locked(run.lock):
        code, _, stderr = prior()
    assert code == 1 and "is being trained by another process" in stderr


def test_a_run_whose_model_is_missing(prior, run):
    """The model must be exported first."""
    shutil.rmtree(run.model)
    code, _, stderr = prior()
    assert code == 1 and "has no exported model. Make it: vaecli export -m" in stderr


def test_training_with_a_prior(finished, tmp_path, replace_prior):
    """`train --prior normal` fits no mixture of all images, but those of the classes; an export fits lost ones."""
    settings = merge(read_config(finished.config))
    options = TrainOptions(**vars(settings) | {"prior": "normal"})
    run = Run(train(options, out=tmp_path / "normal").run)
    facts = read_file(run.model / "decoder.onnx").prior_facts()
    assert facts.weights is None and facts.class_weights is not None
    assert Model.open(run.path).priors.get(label="0").name == "mixture"
    bare = replace_prior(run.model, tmp_path / "bare", StoredPrior({"name": "normal"}, PriorFacts()))
    shutil.copytree(bare, run.model, dirs_exist_ok=True)
    assert not read_file(run.model / "decoder.onnx").prior_facts().arrays()
    exported = export(run.path, ExportOptions(tmp_path / "copy"))
    again = read_file(exported.folder / "decoder.onnx").prior_facts()
    np.testing.assert_array_equal(again.class_means, facts.class_means)


def test_the_sizes_of_files_are_known_before(finished):
    """`train --dry-run` tells those of all precisions, and bounds what decoders hold beside their network."""
    forecast = dry_run(merge(read_config(finished.config)), Watcher())
    sizes = forecast.file_sizes | forecast.reduced_sizes
    assert sorted(sizes) == ["decoder", "decoder.fp16", "decoder.int8", "encoder", "encoder.fp16"]
    for name, size in sizes.items():
        file = read_file(finished.model / f"{name}.onnx")
        added = sum(map(len, file.metadata.values()))
        assert len(file.content) - added == pytest.approx(size, abs=15_000), name
        assert added < forecast.attached, name
    assert forecast.attached < 200_000


def test_training_with_more_components_than_images_allow(finished, tmp_path):
    """A number that the images may allow, and their latents do not: it is chosen, and a note says so."""
    notes = []

    class Listener(Watcher):
        def note(self, text):
            notes.append(text)

    settings = merge(read_config(finished.config))
    options = TrainOptions(**vars(settings) | {"prior": "mixture", "components": 40})  # of 10 images each
    run = Run(train(options, out=tmp_path / "many", watch=Listener()).run)
    decoder = read_file(run.model / "decoder.onnx")
    assert decoder.info.prior["name"] == "mixture" and 1 <= len(decoder.prior_facts().weights) < 40
    assert decoder.prior_facts().class_components.min() == 0 < decoder.prior_facts().class_components.max()
    (note,) = [text for text in notes if "components" in text]
    assert note.startswith("Each of the 40 components must have at least 10 images")
    assert note.endswith("So their number was chosen on validation images.")


def test_a_conditional_model_draws_by_its_label(finished, tmp_path):
    """The latents of a class are fitted to posteriors given the label, and decoded with it."""
    settings = merge(read_config(finished.config))
    run = train(TrainOptions(**vars(settings) | {"conditional": True}), out=tmp_path / "run").run
    model = Model.open(run)
    name = model.info.class_names[1]
    z = model.draw(3, label=name)
    np.testing.assert_array_equal(model.sample(3, label=name), model.decode(z, labels=name))
    np.testing.assert_array_equal(model.sample(3), model.decode(model.draw(3)))
    assert not np.array_equal(model.decode(z), model.decode(z, labels=name))

"""The score is fitted when training ends, travels with exports, and is fitted again for an older run."""

import dataclasses
import shutil

import numpy as np
import pytest

from vaecli.choices import COMPONENTS
from vaecli.config import read_config
from vaecli.errors import ModelError
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.protobuf import metadata
from vaecli.modelfile.read import read_file
from vaecli.modelfile.score_facts import KEY_SCORE
from vaecli.modelfile.write import with_metadata
from vaecli.options import merge
from vaecli.runs.layout import Run
from vaecli.runtime.model import Model
from vaecli.tasks.export import ExportOptions, export
from vaecli.tasks.train.train import train

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def finished(write_data, options, tmp_path_factory):
    """A finished run of 800 images, about 160 of them for validation, with decoders of all precisions."""
    from vaecli.data.named.bundled import load_mini

    place = tmp_path_factory.mktemp("scored")
    data = write_data(place / "data", load_mini("train").images[:800])
    run = train(options(data, network="dense", width=32), out=place / "run").run  # is quantised fast
    export(run, ExportOptions(precisions=("int8", "fp16"), force=True))
    return Run(run)


@pytest.fixture
def run(finished, tmp_path):
    """A copy of the finished run."""
    return Run(shutil.copytree(finished.path, tmp_path / "run"))


def arrays(path):
    """The arrays of a decoder's figures for scores, by name; None if it has none."""
    facts = read_file(path).score_facts()
    return facts and dataclasses.asdict(facts)


def require_equal(first, second):
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


def without_score(folder):
    """Make the decoders of a folder as an earlier version wrote them."""
    for path in folder.glob("decoder*.onnx"):
        entries = {key: text for key, (text, _) in metadata(path.read_bytes()).items()}
        kept = {key: text for key, text in entries.items() if key not in (KEY_SCORE, KEY_DIGEST)}
        path.write_bytes(with_metadata(path.read_bytes(), kept))


def test_each_decoder_of_a_run_can_score(finished):
    """All precisions have the figures of the validation images, whose percentiles are then spread evenly."""
    data = _validation_images(finished)
    facts = arrays(finished.model / "decoder.onnx")
    assert facts["count"].tolist() == [len(data)] and len(data) > 100
    for name in ("decoder.int8.onnx", "decoder.fp16.onnx"):
        require_equal(facts, arrays(finished.model / name))
    scores = Model.open(finished.path).score(data)
    for values in (scores.percentile, *(scores.component_percentiles[name] for name in COMPONENTS)):
        np.testing.assert_allclose(np.sort(values), np.linspace(0, 100, len(data)), atol=1.0)


def _validation_images(run):
    from vaecli.data.load import load
    from vaecli.data.parts import Division

    options = merge(read_config(run.config))
    data = load(options.data, "train")
    return data.images[Division.of(options).held_out(data)]


def test_a_copy_has_the_figures_of_the_run(run, tmp_path):
    """An export elsewhere takes them over, where the data are gone, too; --no-examples keeps them."""
    shutil.copytree(run.path, tmp_path / "kept")
    config = run.config.read_text()
    run.config.write_text(config.replace("data = ", 'data = "/nothing/here" # '))
    exported = export(run.path, ExportOptions(tmp_path / "copy", examples=False))
    assert not exported.without_score
    require_equal(arrays(run.model / "decoder.onnx"), arrays(tmp_path / "copy" / "decoder.onnx"))
    assert read_file(tmp_path / "copy" / "decoder.onnx").facts().examples is None


def test_an_older_run_gets_them_anew(run, finished):
    """A run whose model has no figures gets the same ones by an export, from its images."""
    without_score(run.model)
    with pytest.raises(ModelError, match="has no figures for scores"):
        Model.open(run.path).score(np.zeros((1, 28, 28, 1), np.uint8))
    assert not export(run.path, ExportOptions(force=True)).without_score
    first, second = (arrays(place.model / "decoder.onnx") for place in (finished, run))
    np.testing.assert_allclose(first["quantiles"], second["quantiles"], rtol=1e-3, atol=1e-2)


def test_an_older_run_without_its_images(run):
    """Where the images are gone or changed, the export says so and goes on without the figures."""
    without_score(run.model)
    config = run.config.read_text()
    run.config.write_text(config.replace("data = ", 'data = "/nothing/here" # '))
    assert "/nothing/here" in export(run.path, ExportOptions(force=True)).without_score
    assert arrays(run.model / "decoder.onnx") is None


def test_an_older_run_whose_images_changed(run, write_data, tmp_path):
    """Other images at the same place are not used."""
    without_score(run.model)
    other = write_data(tmp_path / "other", np.random.default_rng(0).integers(0, 255, (800, 28, 28, 1)))
    run.config.write_text(run.config.read_text().replace("data = ", f'data = "{other}" # '))
    assert "no longer those of the run" in export(run.path, ExportOptions(force=True)).without_score


def test_few_images_have_no_figures(trained):
    """A run with fewer than 100 validation images is exported without them."""
    assert arrays(Run(trained.run).model / "decoder.onnx") is None

"""`export --int8`: the file beside the others, its figures in it, and nothing where it would lose too much."""

import pytest

from vaecli.errors import ModelError, ParityError
from vaecli.export import fidelity
from vaecli.runtime.model import Model


def loss(**changed):
    return fidelity.Loss(
        **{"grey_encodings": 0.3, "grey_prior": 0.3, "grey_extreme": 9.0, "elbo": -0.01} | changed
    )


def test_bounds_of_the_loss():
    """Grey levels and nats are bounded, both signs of the ELBO; norm 10 is not; not-a-number does not pass."""
    fidelity.require(loss())
    for changed in ({"grey_encodings": 1.1}, {"grey_prior": float("nan")}, {"elbo": -0.3}, {"elbo": 0.3}):
        with pytest.raises(ParityError, match="int8 decoder is off"):
            fidelity.require(loss(**changed))


def test_a_folder_without_int8_says_what_to_do(model_folder):
    """precision int8 where only decoder.onnx lies: the command that adds it."""
    for path in (model_folder, model_folder / "decoder.onnx"):
        with pytest.raises(ModelError, match="vaecli export --int8 --force"):
            Model.open(path, precision="int8")


@pytest.fixture(scope="module")
def vae():
    from vaecli.training import network

    vae = network.build("classic", (20, 14, 3), 3, seed=1)
    last = vae.decoder.get_layer("logits").kernel
    last.assign(
        0.3 * last
    )  # fresh weights are sure of nonsense, and what int8 takes of that is a gain in nats
    return vae


def info():
    from vaecli.runtime.info import ModelInfo

    return ModelInfo(
        part="",
        model_id="0123",
        name="test",
        image_shape=(20, 14, 3),
        latent_dim=3,
        network="classic",
        likelihood={"name": "bernoulli", "outputs": ["logits"]},
        preprocessing={"scale": 255, "polarity": "light-on-dark"},
        prior={"name": "standard-normal"},
        class_names=(),
        data={"name": "made up", "count": 1},
        training={"val_loss": 1.0},
        software={"vaecli": "0"},
        created="now",
    )


def pictures():
    import numpy as np

    return np.random.default_rng(0).integers(0, 256, (10, 20, 14, 3), dtype=np.uint8)


@pytest.mark.train
def test_the_int8_file(vae, tmp_path):
    """Colour and cropped: opened by folder and by name, the same inputs and outputs, its loss in its metadata."""
    import numpy as np

    from vaecli.export.folder import export_folder
    from vaecli.tasks.verify import verify

    folder = tmp_path / "model"
    export_folder(vae.encoder, vae.decoder, info(), pictures(), folder, int8=True)
    exact, rough = Model.open(folder), Model.open(folder, precision="int8")
    assert (exact.info.precision, rough.info.precision, rough.info.part) == ("float32", "int8", "decoder")
    assert set(rough.info.quantisation) == {"grey_encodings", "grey_prior", "grey_extreme", "elbo"}
    z = exact.draw(50)
    assert {n: a.shape for n, a in rough.outputs(z).items()} == {
        n: a.shape for n, a in exact.outputs(z).items()
    }
    assert 0 < 255 * np.abs(rough.decode(z) - exact.decode(z)).mean() < 1
    for name in ("decoder.onnx", "decoder.int8.onnx"):
        named = Model.open(folder / name, precision="int8")
        np.testing.assert_array_equal(named.decode(z), rough.decode(z))
    assert {line.file for line in verify(folder) if line.passed} >= {"decoder.int8.onnx"}
    assert all(line.passed for line in verify(folder))
    assert "decoder.int8.onnx" in (folder / "MODEL_CARD.md").read_text()


@pytest.mark.train
def test_a_bias_that_is_lost_is_seen(vae, tmp_path, monkeypatch):
    """An int8 decoder that is wrong is refused, and nothing is written, not even the float32 files."""
    import dataclasses

    from vaecli.export import quantised
    from vaecli.export.folder import export_folder

    honest = quantised.stages.read

    def faulty(decoder):
        parts = honest(decoder)
        return dataclasses.replace(parts, last=dataclasses.replace(parts.last, bias=parts.last.bias + 0.1))

    monkeypatch.setattr(quantised.stages, "read", faulty)
    with pytest.raises(ParityError, match="int8 decoder is off"):
        export_folder(vae.encoder, vae.decoder, info(), pictures(), tmp_path / "model", int8=True)
    assert list(tmp_path.iterdir()) == []

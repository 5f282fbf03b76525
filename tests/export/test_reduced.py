"""Reduced-precision decoders: close to float32, described by their files, and refused if anything is wrong."""

import dataclasses
import shutil

import numpy as np
import pytest

from vaecli.data.binarise import binarised
from vaecli.errors import ModelError, ParityError
from vaecli.export import degradation
from vaecli.modelfile.metadata import KEY_DIGEST
from vaecli.modelfile.read import read_file
from vaecli.modelfile.write import with_metadata
from vaecli.runtime.model import Model
from vaecli.tasks.verify import verify

SHAPE = (20, 14, 3)


def test_a_missing_precision_names_the_command(model_folder, tmp_path):
    """Opening a precision where only decoder.onnx lies gives the command that adds it."""
    for name in ("decoder.onnx", "encoder.onnx"):
        shutil.copy(model_folder / name, tmp_path)
    for path in (tmp_path, tmp_path / "decoder.onnx"):
        for precision in ("int8", "fp16"):
            with pytest.raises(ModelError, match=f"vaecli export -m RUN -o {tmp_path} --{precision} --force"):
                Model.open(path, precision=precision)


def build(last_scale):
    """Build a network with biases, its last kernel scaled: the larger, the more certain each pixel."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    vae = build("classic", likelihood("bernoulli"), SHAPE, 3, seed=1)
    last = vae.decoder.get_layer("logits").kernel
    last.assign(last_scale * last)
    for bias in (variable for variable in vae.variables if variable.name == "bias"):
        bias.assign_add(np.random.default_rng(5).normal(scale=0.2, size=bias.shape))
    return vae


@pytest.fixture(scope="module")
def vae():
    return build(0.3)


@pytest.fixture(scope="module")
def folder(vae, describe, noise_images, tmp_path_factory):
    """A folder with all five files, for images in colour that are cropped. Not to be written to."""
    from vaecli.export.folder import export_folder

    folder = tmp_path_factory.mktemp("export") / "model"
    export_folder(vae, describe(SHAPE), noise_images(SHAPE), folder, precisions=["int8", "fp16"])
    return folder


@pytest.fixture(scope="module")
def origin(vae, folder, noise_images):
    """The origin of the folder's reduced-precision decoders."""
    import onnx

    from vaecli.export.reduced import Origin

    graphs = {part: onnx.load(folder / f"{part}.onnx") for part in ("encoder", "decoder")}
    golden = {part: read_file(folder / f"{part}.onnx").golden() for part in graphs}
    return Origin(Model.open(folder), vae.decoder, graphs, golden, noise_images(SHAPE), None, 13)


@pytest.mark.train
@pytest.mark.parametrize(("precision", "levels"), [("int8", 1), ("fp16", 0.05)])
def test_the_file(folder, precision, levels):
    """It opens by folder and by name, is close to float32, and carries its degradation, as the card does."""
    exact, reduced = Model.open(folder), Model.open(folder, precision=precision)
    assert (exact.info.precision, reduced.info.precision) == ("float32", precision)
    assert reduced.info.part == "decoder"
    assert set(reduced.info.quantisation) == {"mae_posterior", "mae_prior", "mae_extreme", "elbo"}
    z = exact.draw(50)
    shapes = [{name: array.shape for name, array in m.outputs(z).items()} for m in (exact, reduced)]
    assert shapes[0] == shapes[1]
    assert 0 < 255 * np.abs(reduced.decode(z) - exact.decode(z)).mean() < levels
    for name in ("decoder.onnx", f"decoder.{precision}.onnx"):
        by_name = Model.open(folder / name, precision=precision)
        np.testing.assert_array_equal(by_name.decode(z), reduced.decode(z))
    card = (folder / "MODEL_CARD.md").read_text()
    assert f"(`--precision {precision}`): `decoder.{precision}.onnx`" in card
    assert "is the cross-entropy summed over pixels; for grey pixels it is not a log-likelihood." in card


@pytest.mark.train
def test_the_fp16_encoder(folder, noise_images):
    """It opens beside the fp16 decoder, its posteriors are close to those of float32, and it says how close."""
    exact, reduced = Model.open(folder), Model.open(folder, precision="fp16")
    images = noise_images(SHAPE).validation
    pairs = list(zip(exact.encode(images), reduced.encode(images), strict=True))
    gaps = [np.abs(first - second).max() for first, second in pairs]
    assert gaps[0] > 0 and max(gaps) < 0.01  # z_log_var of this network is zero
    (z_mean, other_mean), (z_log_var, other_log_var) = (np.asarray(pair, np.float64) for pair in pairs)
    variance, other = np.exp(other_log_var), np.exp(z_log_var)  # of fp16, and of float32
    divergence = 0.5 * (variance / other + (other_mean - z_mean) ** 2 / other - 1 + z_log_var - other_log_var)
    card = (folder / "MODEL_CARD.md").read_text()
    assert ("| `encoder.fp16.onnx` |" in card) and ("| kl |" in card)
    info = read_file(folder / "encoder.fp16.onnx").info
    assert info.quantisation == {"kl": pytest.approx(divergence.sum(axis=1).mean(), rel=1e-3)}
    assert (info.part, info.precision, info.inputs) == ("encoder", "fp16", ("image",))


@pytest.mark.train
def test_images_of_a_model_with_binary_pixels_are_binarised(folder, noise_images, tmp_path):
    """Latents and divergence of grey images are those of a model of grey pixels on the binary images."""
    for path in folder.glob("*.onnx"):
        file = read_file(path)
        info = file.info.replace(likelihood=file.info.likelihood | {"binarised": True})
        entries = {key: text for key, text in file.metadata.items() if key != KEY_DIGEST}
        (tmp_path / path.name).write_bytes(with_metadata(file.content, entries | info.to_metadata()))
    grey = noise_images(SHAPE).validation
    (binary,) = binarised([grey])
    of_grey, of_binary = (
        (Model.open(path), Model.open(path, precision="fp16")) for path in (folder, tmp_path)
    )
    expected, _ = degradation.latents(of_grey[0], binary, seed=3)
    np.testing.assert_array_equal(degradation.latents(of_binary[0], grey, seed=3)[0], expected)
    divergence = degradation.posterior_divergence(*of_grey, binary)
    assert degradation.posterior_divergence(*of_binary, grey) == divergence
    assert degradation.posterior_divergence(*of_grey, grey) != divergence


@pytest.mark.parametrize("divergence", [0.02, float("nan")])
def test_an_fp16_encoder_that_is_too_far_off(divergence):
    """Its posteriors must stay within 0.01 nats of those of float32."""
    with pytest.raises(ParityError, match=r"fp16 encoder must differ from .* by at most 0\.01"):
        degradation.require_encoder(divergence)


@pytest.mark.train
@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_fp16_has_half_the_bytes(folder, part):
    """Its constants take half the bytes of the float32 ones, one for each."""
    fp16, float32 = (read_file(folder / name).graph.tensors for name in (f"{part}.fp16.onnx", f"{part}.onnx"))
    sizes = [sum(t.span[1] - t.span[0] for t in tensors.values()) for tensors in (fp16, float32)]
    assert 0.5 <= sizes[0] / sizes[1] < 0.51
    assert {name.removesuffix("/fp16") for name in fp16} == set(float32)


@pytest.mark.train
def test_verify_checks_all_files(folder):
    """Each passes by its own golden vectors; fp16 computes in float32 and has the float32 bound."""
    rows = verify(folder)
    assert {row.file for row in rows} == {path.name for path in folder.glob("*.onnx")}
    assert all(row.passed for row in rows)
    assert max(row.bound for row in rows if "fp16" in row.file) < 1e-3


@pytest.fixture
def int8_faults(set_to):
    """Changes of an int8 graph by name."""
    from onnx import numpy_helper

    def constant(tensors, nodes, operator, position, *, last=False):
        matches = [node for node in nodes if node.op_type == operator]
        tensor = tensors[matches[-1 if last else 0].input[position]]
        return tensor, numpy_helper.to_array(tensor).copy()

    def one_weight(tensors, nodes):  # the largest of the last layer, negated
        tensor, weights = constant(tensors, nodes, "MatMulInteger", 1)
        place = np.unravel_index(np.abs(weights).argmax(), weights.shape)
        weights[place] = -weights[place]
        set_to(tensor, weights)

    def a_small_change(tensors, nodes):
        tensor, kernel = constant(tensors, nodes, "QLinearConv", 3)
        kernel[0, 0, 0, 0] += 16 if kernel[0, 0, 0, 0] < 0 else -16
        set_to(tensor, kernel)

    def swapped_axes(tensors, nodes):
        tensor, kernel = constant(tensors, nodes, "QLinearConv", 3)
        assert kernel.shape[2:] == (2, 2)
        set_to(tensor, kernel.transpose(0, 1, 3, 2))

    def lost_bias(tensors, nodes):
        tensor, bias = constant(tensors, nodes, "QLinearConv", 8, last=True)
        set_to(tensor, np.zeros_like(bias))

    def moved_last_bias(tensors, nodes):
        tensor, bias = constant(tensors, nodes, "ConvTranspose", 2)
        set_to(tensor, bias + np.float32(0.1))

    changes = (one_weight, a_small_change, swapped_axes, lost_bias, moved_last_bias)
    return {change.__name__: change for change in changes}


@pytest.mark.train
@pytest.mark.parametrize("fault", ["one_weight", "swapped_axes", "lost_bias"])
def test_verify_sees_an_int8_file_that_computes_something_else(folder, alter, int8_faults, fault):
    """The digest of a changed file is right, but its golden vectors differ."""
    rows = verify(alter(folder, "decoder.int8.onnx", int8_faults[fault]))
    assert {row.file for row in rows if not row.passed} == {"decoder.int8.onnx"}


@pytest.mark.train
def test_export_sees_an_int8_file_that_computes_something_else(folder, origin, alter, int8_faults):
    """Compared with the quantised decoder in numpy, the file passes; each changed one is refused."""
    from vaecli.export import reduced

    quantised, inputs = reduced.quantise(origin), {"z": origin.exact.draw(100)}
    reduced.require_same(quantised, Model.open(folder, precision="int8"), inputs)
    for name in ("one_weight", "a_small_change", "swapped_axes", "lost_bias"):
        altered = Model.open(alter(folder, "decoder.int8.onnx", int8_faults[name]), precision="int8")
        with pytest.raises(ParityError, match="must compute its quantised decoder"):
            reduced.require_same(quantised, altered, inputs)


@pytest.mark.train
def test_a_moved_bias_exceeds_the_degradation_bound(folder, alter, int8_faults, noise_images):
    """A last bias that is off by 0.1 changes the pictures by more than an int8 decoder may."""
    altered = alter(folder, "decoder.int8.onnx", int8_faults["moved_last_bias"])
    models = Model.open(folder), Model.open(altered, precision="int8")
    measured = degradation.measure(*models, noise_images(SHAPE).validation, seed=4)
    with pytest.raises(ParityError, match="int8 decoder must differ"):
        degradation.require(measured, "int8", values=20 * 14 * 3)


@pytest.mark.train
@pytest.mark.parametrize("kind", ["weight", "axes", "bias", "missing"])
def test_export_sees_another_fp16_constant(folder, alter, set_to, kind):
    """Each constant is compared with the rounded float32 one."""
    import onnx
    from onnx import numpy_helper

    from vaecli.export.fp16 import require_rounded

    def change(tensors, nodes):
        convolution = next(node for node in nodes if node.op_type == "Conv")
        name = convolution.input[2 if kind == "bias" else 1]
        tensor = next(entry for entry in tensors.values() if entry.name.removesuffix("/fp16") == name)
        array = numpy_helper.to_array(tensor).copy()
        if kind == "weight":
            array.flat[3] *= 1.01
        elif kind == "axes":
            array = array.transpose(0, 1, 3, 2)
        else:
            array[:] = 0
        set_to(tensor, array)
        if kind == "missing":
            tensor.name += "/other"

    source, fp16 = (onnx.load(folder / name) for name in ("decoder.onnx", "decoder.fp16.onnx"))
    require_rounded(fp16, source)
    change({entry.name: entry for entry in fp16.graph.initializer}, fp16.graph.node)
    with pytest.raises(ParityError, match="fp16 file must be the rounded float32 one"):
        require_rounded(fp16, source)


@pytest.mark.train
def test_a_network_that_int8_degrades_too_much(describe, noise_images, tmp_path):
    """A network that is certain of every pixel loses nats in int8; then not even float32 files are written."""
    from vaecli.export.folder import export_folder

    options = {"precisions": ["int8"]}
    with pytest.raises(ParityError, match="int8 decoder must differ from"):
        export_folder(build(3.0), describe(SHAPE), noise_images(SHAPE), tmp_path / "model", **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.train
def test_another_likelihood_cannot_be_quantised(origin):
    """int8 decoders compute a sigmoid, so another likelihood is refused by name."""
    from vaecli.export.reduced import quantise

    class Logistic:
        info = origin.exact.info.replace(
            likelihood={"name": "logistic", "outputs": ["location", "log_scale"]}
        )

    with pytest.raises(ModelError, match="must be bernoulli or gaussian for --int8, got logistic"):
        quantise(dataclasses.replace(origin, exact=Logistic()))

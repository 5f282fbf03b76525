"""`export --int8 --fp16`: files beside the others, their figures in them, and nothing where one loses too much."""

import shutil

import numpy as np
import pytest

from vaecli.errors import ModelError, ParityError
from vaecli.export import degradation
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model
from vaecli.tasks.verify import verify


def figures(**changed):
    return degradation.Degradation(
        **{"mae_posterior": 0.3, "mae_prior": 0.3, "mae_extreme": 9.0, "elbo": -0.01} | changed
    )


def test_bounds_of_the_degradation():
    """Levels and nats are bounded, the ELBO in both directions; norm 10 is not; NaN does not pass."""
    degradation.require(figures(), "int8", values=784)
    for changed in ({"mae_posterior": 1.1}, {"mae_prior": float("nan")}, {"elbo": -0.3}, {"elbo": 0.3}):
        with pytest.raises(ParityError, match="int8 decoder must differ from"):
            degradation.require(figures(**changed), "int8", values=784)
    with pytest.raises(
        ParityError, match=r"fp16 decoder must differ .* by at most 0\.1 levels of 255.*, got 0\.3"
    ):
        degradation.require(figures(), "fp16", values=784)


def test_the_bound_of_the_elbo_grows_with_the_image():
    """Four times as many pixels allow four times the difference; a quarter as many do not lower the bound."""
    degradation.require(figures(elbo=-0.7), "int8", values=4 * 784)
    degradation.require(figures(elbo=-0.19), "int8", values=196)
    with pytest.raises(ParityError, match=r"at most 0\.8 nats of the ELBO, got 0\.9"):
        degradation.require(figures(elbo=-0.9), "int8", values=4 * 784)


def test_a_folder_without_one_says_what_to_do(model_folder, tmp_path):
    """A precision where only decoder.onnx lies: the command that adds it."""
    for name in ("decoder.onnx", "encoder.onnx"):
        shutil.copy(model_folder / name, tmp_path)
    for path in (tmp_path, tmp_path / "decoder.onnx"):
        for precision in ("int8", "fp16"):
            with pytest.raises(ModelError, match=f"vaecli export -m RUN -o {tmp_path} --{precision} --force"):
                Model.open(path, precision=precision)


@pytest.fixture(scope="module")
def vae():
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    vae = build("classic", likelihood("bernoulli"), (20, 14, 3), 3, seed=1)
    last = vae.decoder.get_layer("logits").kernel
    last.assign(
        0.3 * last
    )  # fresh weights are sure of nonsense, and what int8 takes of that is a gain in nats
    for bias in (variable for variable in vae.variables if variable.name == "bias"):
        bias.assign_add(np.random.default_rng(5).normal(scale=0.2, size=bias.shape))  # fresh ones are zeros
    return vae


def info():
    from vaecli.modelfile.metadata import ModelInfo

    return ModelInfo(
        part="",
        model_id="0123",
        name="test",
        image_shape=(20, 14, 3),
        latent_dim=3,
        network="classic",
        likelihood={"name": "bernoulli", "outputs": ["logits"]},
        preparation={"scale": 255, "polarity": "light-on-dark", "photo": "fashion"},
        prior={"name": "normal"},
        class_names=(),
        data={"name": "made up", "count": 1},
        training={"val_loss": 1.0},
        software={"vaecli": "0"},
        created="now",
    )


def pictures(seed=0):
    return np.random.default_rng(seed).integers(0, 256, (10, 20, 14, 3), dtype=np.uint8)


def real():
    from vaecli.runs.kept import KeptImages

    return KeptImages(pictures(), pictures(1))


@pytest.fixture(scope="module")
def folder(vae, tmp_path_factory):
    """All four files, of a decoder in colour and cropped."""
    from vaecli.export.folder import export_folder

    folder = tmp_path_factory.mktemp("export") / "model"
    export_folder(vae, info(), real(), folder, precisions=["int8", "fp16"])
    return folder


@pytest.mark.train
@pytest.mark.parametrize(("precision", "off"), [("int8", 1), ("fp16", 0.05)])
def test_the_file(folder, precision, off):
    """By folder and by name, the same inputs and outputs, near to float32, its loss in it and in the card."""
    exact, rough = Model.open(folder), Model.open(folder, precision=precision)
    assert (exact.info.precision, rough.info.precision, rough.info.part) == ("float32", precision, "decoder")
    assert set(rough.info.quantisation) == {"mae_posterior", "mae_prior", "mae_extreme", "elbo"}
    z = exact.draw(50)
    assert {n: a.shape for n, a in rough.outputs(z).items()} == {
        n: a.shape for n, a in exact.outputs(z).items()
    }
    assert 0 < 255 * np.abs(rough.decode(z) - exact.decode(z)).mean() < off
    for name in ("decoder.onnx", f"decoder.{precision}.onnx"):
        named = Model.open(folder / name, precision=precision)
        np.testing.assert_array_equal(named.decode(z), rough.decode(z))
    assert f"## {precision}\n\n`decoder.{precision}.onnx`" in (folder / "MODEL_CARD.md").read_text()


@pytest.mark.train
def test_the_size_of_fp16(folder):
    """Its constants take half the bytes, and they stand in for those of float32 one by one."""
    half, whole = (read_file(folder / name).graph.tensors for name in ("decoder.fp16.onnx", "decoder.onnx"))
    sizes = [sum(t.span[1] - t.span[0] for t in tensors.values()) for tensors in (half, whole)]
    assert 0.5 <= sizes[0] / sizes[1] < 0.51
    assert {name.removesuffix("/fp16") for name in half} == set(whole)


@pytest.mark.train
def test_verify_judges_all_files(folder):
    """Each by its golden vectors; those of fp16 are computed in float32 and as exact."""
    lines = verify(folder)
    assert {line.file for line in lines} == {path.name for path in folder.glob("*.onnx")}
    assert all(line.passed for line in lines)
    assert max(line.bound for line in lines if "fp16" in line.file) < 1e-3


def altered(folder, target, name, change):
    """A copy of a folder in which one constant of a decoder is another, the digest made right."""
    import onnx

    from vaecli.export import stamp

    shutil.copytree(folder, target, dirs_exist_ok=True)
    path = target / name
    file = read_file(path)
    graph = onnx.load_from_string(file.content)
    change({entry.name: entry for entry in graph.graph.initializer}, graph.graph.node)
    path.write_bytes(stamp.stamped(graph, file.info, file.golden()))
    return target


def set_to(tensor, array):
    from onnx import numpy_helper

    tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def one_weight(tensors, nodes):
    """The last product's largest weight, negated."""
    from onnx import numpy_helper

    node = next(node for node in nodes if node.op_type == "MatMulInteger")
    weights = numpy_helper.to_array(tensors[node.input[1]]).copy()
    place = np.unravel_index(np.abs(weights).argmax(), weights.shape)
    weights[place] = -weights[place]
    set_to(tensors[node.input[1]], weights)


def swapped_layout(tensors, nodes):
    """The kernel of the largest phase, rows and columns exchanged."""
    from onnx import numpy_helper

    node = next(node for node in nodes if node.op_type == "QLinearConv")
    kernel = numpy_helper.to_array(tensors[node.input[3]])
    assert kernel.shape[2:] == (2, 2)
    set_to(tensors[node.input[3]], np.ascontiguousarray(kernel.transpose(0, 1, 3, 2)))


def dropped_bias(tensors, nodes):
    """The bias of one phase, zeros."""
    from onnx import numpy_helper

    node = [node for node in nodes if node.op_type == "QLinearConv"][-1]
    set_to(tensors[node.input[8]], np.zeros_like(numpy_helper.to_array(tensors[node.input[8]])))


@pytest.mark.train
@pytest.mark.parametrize("change", [one_weight, swapped_layout, dropped_bias])
def test_verify_sees_an_int8_file_that_computes_something_else(folder, tmp_path, change):
    """One weight, a layout or a bias: the digest says nothing of it, the golden vectors do."""
    lines = verify(altered(folder, tmp_path, "decoder.int8.onnx", change))
    assert {line.file for line in lines if not line.passed} == {"decoder.int8.onnx"}


@pytest.mark.train
def test_a_bias_that_is_lost_is_seen(vae, tmp_path, monkeypatch):
    """An int8 decoder that is wrong is refused, and nothing is written, not even the float32 files."""
    import dataclasses

    from vaecli.export import reduced
    from vaecli.export.folder import export_folder

    honest = reduced.stages.read

    def faulty(decoder):
        parts = honest(decoder)
        return dataclasses.replace(parts, last=dataclasses.replace(parts.last, bias=parts.last.bias + 0.1))

    monkeypatch.setattr(reduced.stages, "read", faulty)
    with pytest.raises(ParityError, match="int8 decoder is off"):
        export_folder(vae, info(), real(), tmp_path / "model", precisions=["int8"])
    assert list(tmp_path.iterdir()) == []


def one_weight_by_little(tensors, nodes):
    """One of 128 x 64 weights of a convolution, by an eighth of its range: no mean would show it."""
    from onnx import numpy_helper

    node = next(node for node in nodes if node.op_type == "QLinearConv")
    kernel = numpy_helper.to_array(tensors[node.input[3]]).copy()
    kernel[0, 0, 0, 0] += 16 if kernel[0, 0, 0, 0] < 0 else -16
    set_to(tensors[node.input[3]], kernel)


@pytest.mark.train
@pytest.mark.parametrize("change", [one_weight, one_weight_by_little, swapped_layout, dropped_bias])
def test_export_sees_an_int8_graph_that_is_not_what_its_numbers_say(vae, tmp_path, monkeypatch, change):
    """The mean bounds let much pass; the numbers that the file was built from, computed by numpy, do not."""
    from vaecli.export import degradation, reduced
    from vaecli.export.folder import export_folder

    honest = reduced.int8.build

    def faulty(stages, *, opset):
        model = honest(stages, opset=opset)
        change({entry.name: entry for entry in model.graph.initializer}, model.graph.node)
        return model

    monkeypatch.setattr(reduced.int8, "build", faulty)
    monkeypatch.setattr(degradation, "require", lambda loss, precision, *, values: None)
    with pytest.raises(ParityError, match="are not what its numbers say"):
        export_folder(vae, info(), real(), tmp_path / "model", precisions=["int8"])
    assert list(tmp_path.iterdir()) == []


def another_constant(kind):
    """A change of an fp16 graph: one weight, a kernel's rows and columns exchanged, a bias of zeros."""

    def change(model):
        from onnx import numpy_helper

        convolution = next(node for node in model.graph.node if node.op_type == "Conv")
        name = convolution.input[2 if kind == "bias" else 1]
        entry = next(e for e in model.graph.initializer if e.name.removesuffix("/fp16") == name)
        array = numpy_helper.to_array(entry).copy()
        if kind == "weight":
            array.flat[3] *= 1.01
        elif kind == "layout":
            array = np.ascontiguousarray(array.transpose(0, 1, 3, 2))
        else:
            array[:] = 0
        set_to(entry, array)
        return model

    return change


@pytest.mark.train
@pytest.mark.parametrize("kind", ["weight", "layout", "bias"])
def test_export_sees_an_fp16_constant_that_is_another(vae, tmp_path, monkeypatch, kind):
    """Each constant is compared with the float32 one."""
    from vaecli.export import degradation, reduced
    from vaecli.export.folder import export_folder

    honest = reduced.half.halved
    monkeypatch.setattr(reduced.half, "halved", lambda model: another_constant(kind)(honest(model)))
    monkeypatch.setattr(degradation, "require", lambda loss, precision, *, values: None)
    with pytest.raises(ParityError, match="fp16 decoder is off: its constant"):
        export_folder(vae, info(), real(), tmp_path / "model", precisions=["fp16"])
    assert list(tmp_path.iterdir()) == []

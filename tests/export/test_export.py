"""Export: the files compute what Keras computes, describe themselves, and a check that is off leaves nothing."""

import dataclasses

import numpy as np
import pytest

from vaecli.errors import ModelError, OptionError, ParityError
from vaecli.modelfile.metadata import ModelInfo
from vaecli.runtime.model import Model

pytestmark = pytest.mark.train

SHAPE = (20, 14, 1)


def info(shape=SHAPE, latent_dim=3):
    return ModelInfo(
        part="",
        model_id="0123",
        name="test",
        image_shape=shape,
        latent_dim=latent_dim,
        network="classic",
        likelihood={"name": "bernoulli", "outputs": ["logits"]},
        preparation={"scale": 255, "polarity": "light-on-dark", "photo": "fashion"},
        prior={"name": "normal"},
        class_names=("Hände", "Füße"),
        data={"name": "made up", "count": 1},
        training={"val_loss": 1.0},
        software={"vaecli": "0"},
        created="now",
    )


def pictures(shape=SHAPE, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (10, *shape), dtype=np.uint8)


def real(shape=SHAPE):
    from vaecli.runs.kept import KeptImages

    return KeptImages(pictures(shape), pictures(shape, 1))


def build(shape=SHAPE, latent_dim=3):
    """A network with weights of every layer at work: fresh biases are zero, and dropping one would not show."""
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    vae = build("classic", likelihood("bernoulli"), shape, latent_dim, seed=1)
    rng = np.random.default_rng(5)
    for variable in vae.variables:
        variable.assign_add(rng.normal(scale=0.1, size=variable.shape))
    return vae


@pytest.fixture(scope="module")
def vae():
    return build()


@pytest.fixture(scope="module")
def exported(vae, tmp_path_factory):
    from vaecli.export.folder import export_folder

    folder = tmp_path_factory.mktemp("export") / "model"
    return folder, export_folder(vae, info(), real(), folder)


def test_every_output_input_and_batch_is_compared(exported):
    """The table has each output at each kind of input and batch size, all within the bound."""
    _, table = exported
    lines = {(line.output, line.inputs, line.batch) for line in table}
    names = ("z_mean", "z_log_var", "image", "logits")
    assert lines == {(o, k, b) for o in names for k in ("real", "random", "extreme") for b in (1, 7, 64)}
    assert all(line.passed and 0 <= line.mean <= line.largest for line in table)


def test_files_describe_themselves(exported):
    """Metadata, names, free batch axis, opset and IR version low enough for old runtimes."""
    import onnx

    folder, _ = exported
    model = Model.open(folder)
    assert dataclasses.replace(model.info, part="") == info()
    for part, inputs, outputs in (
        ("encoder", ["image"], {"z_mean", "z_log_var"}),
        ("decoder", ["z"], {"image", "logits"}),
    ):
        graph = onnx.load(folder / f"{part}.onnx")
        onnx.checker.check_model(graph, full_check=True)
        assert [value.name for value in graph.graph.input] == inputs
        assert {value.name for value in graph.graph.output} == outputs
        for value in [*graph.graph.input, *graph.graph.output]:
            assert value.type.tensor_type.shape.dim[0].dim_param == "N"
        assert [entry.version for entry in graph.opset_import if not entry.domain] == [13]
        assert graph.ir_version <= 8
        assert {entry.domain for entry in graph.opset_import} <= {""} and not graph.functions


def test_no_path_of_this_machine_is_inside(exported):
    """No folder of the machine that made the files is in them."""
    folder, _ = exported
    import pathlib

    here = str(pathlib.Path(__file__).parents[2]).encode()
    for path in folder.iterdir():
        content = path.read_bytes()
        assert str(folder).encode() not in content and here not in content


@pytest.mark.parametrize("opset", [13, 15, 18])
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 16, 3)])
def test_opsets_and_shapes(opset, shape, tmp_path):
    """Each opset, grey or colour, cropped or not, passes the parity check."""
    from vaecli.export.folder import export_folder

    vae = build(shape, 2)
    table = export_folder(
        vae,
        info(shape, 2),
        real(shape),
        tmp_path / "model",
        opset=opset,
    )
    assert all(line.passed for line in table)


def test_opset_out_of_range():
    """An opset that tf2onnx does not do is a usage error."""
    from vaecli.export.convert import to_onnx

    with pytest.raises(OptionError, match="between 13 and 18; 19 came"):
        to_onnx(lambda inputs: {"y": inputs["x"]}, {"x": (1,)}, opset=19)


def corrupt_weight(initializers, _graph):
    import onnx.numpy_helper as helper

    for tensor in initializers:
        if len(tensor.dims) == 4:
            values = helper.to_array(tensor).copy()
            values.flat[0] += 0.01
            tensor.CopyFrom(helper.from_array(values, tensor.name))
            return


def drop_bias(initializers, _graph):
    import onnx.numpy_helper as helper

    for tensor in initializers:
        values = helper.to_array(tensor)
        if values.dtype == np.float32 and values.squeeze().ndim == 1 and values.size >= 32:
            tensor.CopyFrom(helper.from_array(np.zeros_like(values), tensor.name))
            return


def swap_kernel(initializers, _graph):
    import onnx.numpy_helper as helper

    for tensor in initializers:
        if len(tensor.dims) == 4 and tensor.dims[2] == tensor.dims[3] == 3:
            values = helper.to_array(tensor).transpose(0, 1, 3, 2).copy()
            tensor.CopyFrom(helper.from_array(values, tensor.name))
            return


@pytest.mark.parametrize("part", ["encoder", "decoder"])
@pytest.mark.parametrize("fault", [corrupt_weight, drop_bias, swap_kernel])
def test_a_faulty_conversion_is_refused(vae, tmp_path, monkeypatch, part, fault):
    """One weight changed, a bias dropped, a layout swapped: exit code 1 and no file that looks good."""
    from vaecli.export import convert, folder

    honest = convert.to_onnx

    def faulty(compute, shapes, *, opset):
        model = honest(compute, shapes, opset=opset)
        if list(shapes) == [{"encoder": "image", "decoder": "z"}[part]]:
            before = model.SerializeToString()
            fault(model.graph.initializer, model.graph)
            assert model.SerializeToString() != before
        return model

    monkeypatch.setattr(folder.convert, "to_onnx", faulty)
    with pytest.raises(ParityError, match=f"exported {part} is off"):
        folder.export_folder(vae, info(), real(), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_numbers_that_are_none_do_not_pass(vae, tmp_path):
    """A model whose outputs are not finite is refused: not-a-number is within no bound."""
    from vaecli.export.folder import export_folder
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    broken = build("classic", likelihood("bernoulli"), SHAPE, 3, seed=1)
    for variable, value in zip(broken.variables, vae.variables, strict=True):
        variable.assign(value)
    kernel = broken.decoder.trainable_variables[-2]
    kernel.assign(np.full(kernel.shape, np.nan, np.float32))
    with pytest.raises((ParityError, ModelError)):
        export_folder(broken, info(), real(), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_rewriting_a_folder_keeps_other_files(vae, tmp_path):
    """Files of other names in the target stay."""
    from vaecli.export.folder import export_folder

    (tmp_path / "notes.txt").write_text("mine")
    export_folder(vae, info(), real(), tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"notes.txt", "encoder.onnx", "decoder.onnx", "MODEL_CARD.md"}


def test_golden_vectors_are_those_of_keras(vae, exported):
    """Each half carries what Keras itself makes of its inputs, bit by bit, and `verify` agrees."""
    from vaecli.modelfile.read import read_file
    from vaecli.tasks.verify import verify

    folder, _ = exported
    decoder = read_file(folder / "decoder.onnx").golden()
    np.testing.assert_array_equal(
        decoder.outputs["logits"], vae.decode({"z": decoder.batch})["logits"].numpy()
    )
    encoder = read_file(folder / "encoder.onnx").golden()
    expected = vae.encode({"image": encoder.batch})
    for name in ("z_mean", "z_log_var"):
        np.testing.assert_array_equal(encoder.outputs[name], expected[name].numpy())
    np.testing.assert_array_equal(encoder.inputs[:3], pictures()[:3])
    assert all(line.passed for line in verify(folder))


def test_golden_vectors_of_large_images_are_few():
    """They stay within a megabyte or two: one real and one extreme of a picture that is large."""
    from vaecli.export import parity

    def outputs(inputs):
        return {"image": inputs}

    images = parity.image_inputs(np.zeros((1, 512, 512, 1), np.uint8))
    latents = parity.latent_inputs(np.zeros((64, 2), np.float32))
    found = parity.golden(images, latents, outputs, outputs)
    assert (len(found["decoder"].inputs), len(found["encoder"].inputs)) == (2, 3)

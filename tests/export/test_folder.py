"""The model folder: files compute what Keras computes and describe themselves; a failed export leaves nothing."""

import dataclasses
import pathlib
import shutil

import numpy as np
import pytest

from vaecli.errors import OutputError, ParityError
from vaecli.modelfile.find import read_all
from vaecli.modelfile.read import read_file
from vaecli.runtime.model import Model
from vaecli.tasks.verify import verify

pytestmark = pytest.mark.train

SHAPE = (20, 14, 1)


@pytest.fixture(scope="module")
def vae(build_vae):
    return build_vae(SHAPE)


@pytest.fixture(scope="module")
def export(vae, describe, noise_images):
    """A function that exports the network to a folder."""
    from vaecli.export.folder import export_folder

    def export(target, **options):
        return export_folder(vae, describe(SHAPE), noise_images(SHAPE), target, **options)

    return export


@pytest.fixture(scope="module")
def folder(export, tmp_path_factory):
    """A model folder. Not to be written to."""
    folder = tmp_path_factory.mktemp("export") / "model"
    export(folder)
    return folder


def test_every_output_input_and_batch_is_compared(export, tmp_path):
    """The table has each output for each kind of input and batch size, all within the bound."""
    table = export(tmp_path / "model").table
    rows = {(row.output, row.inputs, row.batch) for row in table}
    names = ("z_mean", "z_log_var", "image", "logits")
    assert rows == {(o, k, b) for o in names for k in ("real", "random", "extreme") for b in (1, 7, 64)}
    assert all(row.passed and 0 <= row.mean <= row.largest for row in table)


def test_files_describe_themselves(folder, describe):
    """Metadata and names are right, the batch axis is free, and old runtimes can read opset and IR version."""
    import onnx

    expected = describe(SHAPE).replace(inputs=("z",))
    assert dataclasses.replace(Model.open(folder).info, part="") == expected
    for part, inputs, outputs in (
        ("encoder", ["image"], {"z_mean", "z_log_var"}),
        ("decoder", ["z"], {"image", "logits"}),
    ):
        model = onnx.load(folder / f"{part}.onnx")
        onnx.checker.check_model(model, full_check=True)
        assert [value.name for value in model.graph.input] == inputs
        assert {value.name for value in model.graph.output} == outputs
        for value in [*model.graph.input, *model.graph.output]:
            assert value.type.tensor_type.shape.dim[0].dim_param == "N"
        assert [(entry.domain, entry.version) for entry in model.opset_import] == [("", 13)]
        assert model.ir_version <= 8 and not model.functions


def test_no_path_of_this_machine_is_stored(folder):
    """Neither the target folder nor the source folder appears in a file."""
    source = str(pathlib.Path(__file__).parents[2]).encode()
    for path in folder.iterdir():
        content = path.read_bytes()
        assert str(folder).encode() not in content and source not in content


@pytest.mark.parametrize("opset", [13, 15, 18])
@pytest.mark.parametrize("shape", [(28, 28, 1), (9, 16, 3)])
def test_opsets_and_shapes(build_vae, describe, noise_images, opset, shape, tmp_path):
    """Each opset passes the parity check, for images in grey and in colour, cropped or not."""
    from vaecli.export.folder import export_folder

    vae, info = build_vae(shape, latent_dim=2), describe(shape, latent_dim=2)
    exported = export_folder(vae, info, noise_images(shape), tmp_path / "model", opset=opset)
    assert all(row.passed for row in exported.table)


@pytest.fixture
def faults(set_to):
    """Changes of an ONNX graph by name."""
    from onnx import numpy_helper

    def first(tensors, accepts):
        arrays = ((tensor, numpy_helper.to_array(tensor)) for tensor in tensors.values())
        return next((tensor, array) for tensor, array in arrays if accepts(array))

    def one_weight(tensors, _nodes):
        tensor, array = first(tensors, lambda array: array.ndim == 4)
        changed = array.copy()
        changed.flat[0] += 0.01
        set_to(tensor, changed)

    def lost_bias(tensors, _nodes):
        tensor, array = first(
            tensors,
            lambda array: array.dtype == np.float32 and array.squeeze().ndim == 1 and array.size >= 32,
        )
        set_to(tensor, np.zeros_like(array))

    def swapped_axes(tensors, _nodes):
        tensor, array = first(tensors, lambda array: array.ndim == 4 and array.shape[2] == array.shape[3] > 1)
        set_to(tensor, array.transpose(0, 1, 3, 2))

    return {"one weight": one_weight, "lost bias": lost_bias, "swapped axes": swapped_axes}


@pytest.mark.parametrize("part", ["encoder", "decoder"])
@pytest.mark.parametrize("fault", ["one weight", "lost bias", "swapped axes"])
def test_a_file_that_computes_something_else_is_refused(
    vae, folder, noise_images, alter, faults, part, fault
):
    """One changed weight, a lost bias or swapped axes exceed the parity bound; the message names the part."""
    from vaecli.export import parity
    from vaecli.export.folder import compare_with_keras

    altered = alter(folder, f"{part}.onnx", faults[fault])
    table = compare_with_keras(vae, Model.open(altered), noise_images(SHAPE).validation)
    with pytest.raises(ParityError, match=f"exported {part} must differ from Keras by at most"):
        parity.require(table)


def test_nan_is_refused_and_leaves_nothing(vae, describe, noise_images, tmp_path):
    """A network with NaN outputs is refused by the name of the output."""
    from vaecli.export.folder import export_folder
    from vaecli.probability.likelihoods import likelihood
    from vaecli.training.vae import build

    broken = build("classic", likelihood("bernoulli"), SHAPE, 3, seed=1)
    for variable, value in zip(broken.variables, vae.variables, strict=True):
        variable.assign(value)
    kernel = broken.decoder.trainable_variables[-2]
    kernel.assign(np.full(kernel.shape, np.nan, np.float32))
    with pytest.raises(ParityError, match="must be finite, got NaN or infinity"):
        export_folder(broken, describe(SHAPE), noise_images(SHAPE), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk(export, tmp_path):
    """A write that fails names the target and the reason; files in the target stay, and nothing is added."""
    resource = pytest.importorskip("resource", reason="limits of file sizes are POSIX")
    (tmp_path / "notes.txt").write_text("mine")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(OutputError, match=f"Cannot write {tmp_path}: File too large"):
            export(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_other_files_stay(export, tmp_path):
    """Files of other names in the target are kept, also a foreign one with the name of a decoder."""
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "decoder.int8.onnx").write_bytes(b"a model of mine")
    export(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"notes.txt", "decoder.int8.onnx", "encoder.onnx", "decoder.onnx", "MODEL_CARD.md"}
    assert (tmp_path / "decoder.int8.onnx").read_bytes() == b"a model of mine"


def test_decoders_of_another_model_are_removed(export, small_folder, tmp_path):
    """They would not fit the new encoder; a damaged one is removed as well."""
    for name in ("decoder.int8.onnx", "decoder.fp16.onnx"):
        shutil.copy(small_folder / name, tmp_path)
    damaged = bytearray((tmp_path / "decoder.fp16.onnx").read_bytes())
    damaged[1000] ^= 1
    (tmp_path / "decoder.fp16.onnx").write_bytes(damaged)
    export(tmp_path)
    assert [file.path.name for file in read_all(tmp_path)] == ["decoder.onnx", "encoder.onnx"]


def test_golden_vectors_are_those_of_keras(vae, folder, noise_images):
    """Each half carries exactly what Keras computes of its inputs, and `verify` agrees."""
    decoder = read_file(folder / "decoder.onnx").golden()
    np.testing.assert_array_equal(decoder.outputs["logits"], vae.decode(decoder.batch)["logits"].numpy())
    encoder = read_file(folder / "encoder.onnx").golden()
    expected = vae.encode(encoder.batch)
    for name in ("z_mean", "z_log_var"):
        np.testing.assert_array_equal(encoder.outputs[name], expected[name].numpy())
    np.testing.assert_array_equal(encoder.inputs["image"][:3], noise_images(SHAPE).validation[:3])
    assert all(row.passed for row in verify(folder))

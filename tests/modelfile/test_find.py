"""The files of a model are found from a run, a model folder or a decoder file."""

import json
import shlex
import shutil

import pytest

from vaecli.errors import ModelError
from vaecli.modelfile.find import DECODERS, export_again, locate, read_all
from vaecli.modelfile.metadata import KEY_INFO


@pytest.fixture
def folder(small_folder, tmp_path):
    """A copy of the committed model with decoders of all precisions, in a folder with a space in its name."""
    return shutil.copytree(small_folder, tmp_path / "my model")


@pytest.mark.parametrize("precision", DECODERS)
def test_locate(folder, precision):
    """A model folder, a run and decoder.onnx lead to the decoder of each precision and to the encoder beside it."""
    encoder = "encoder.fp16.onnx" if precision == "fp16" else "encoder.onnx"
    expected = folder / DECODERS[precision], folder / encoder
    assert locate(folder, precision) == locate(folder / "decoder.onnx", precision) == expected
    run = folder.with_name("run")
    shutil.copytree(folder, run / "model")
    assert locate(run, precision) == (run / "model" / DECODERS[precision], run / "model" / encoder)
    (folder / "encoder.fp16.onnx").unlink()
    assert locate(folder, precision) == (expected[0], folder / "encoder.onnx")


def test_a_file_is_taken_by_its_name(folder):
    """A file that is not called decoder.onnx is taken as it is, whatever the precision."""
    renamed = (folder / "decoder.onnx").rename(folder / "boots.onnx")
    for precision in DECODERS:
        assert locate(renamed, precision) == (renamed, folder / "encoder.onnx")


def test_a_run_that_is_not_finished(tmp_path):
    """A run without a model names the two commands that make one."""
    (tmp_path / "config.toml").touch()
    with pytest.raises(ModelError, match="has no model yet") as error:
        locate(tmp_path)
    assert all(name in (error.value.hint or "") for name in ("train --resume", "export -m"))


def test_missing_files(folder):
    """The errors tell a missing path, a folder without a model, an encoder alone and a missing precision apart."""
    with pytest.raises(ModelError, match=r"There is no .*nowhere"):
        locate(folder / "nowhere")
    with pytest.raises(ModelError, match="must be a run or a model folder, but has no decoder"):
        locate(folder.parent)
    (folder / "decoder.int8.onnx").unlink()
    for path in (folder, folder / "decoder.onnx"):
        with pytest.raises(ModelError, match=r"has a decoder\.onnx but no decoder\.int8\.onnx") as caught:
            locate(path, "int8")
        assert caught.value.hint == f"Add it: {export_again(folder, 'int8')}"
    (folder / "decoder.onnx").unlink()
    with pytest.raises(ModelError, match=r"an encoder\.onnx but no decoder\.onnx"):
        locate(folder)


def test_the_command_that_adds_a_decoder(folder):
    """It names the run of the folder, or the folder to write to, quoted for the shell."""
    assert shlex.split(export_again(folder, "int8")) == [
        *("vaecli", "export", "-m", "RUN", "-o", str(folder), "--int8", "--force")
    ]
    run = folder.with_name("my run")
    shutil.copytree(folder, run / "model")
    for path in (run, run / "model"):
        assert shlex.split(export_again(path, "fp16")) == [
            *("vaecli", "export", "-m", str(run), "--fp16", "--force")
        ]


def test_read_all(folder):
    """All files beside a decoder are read, the decoder first; those that are missing are left out."""
    names = ["decoder.onnx", "encoder.onnx", "encoder.fp16.onnx", "decoder.fp16.onnx", "decoder.int8.onnx"]
    assert [file.path.name for file in read_all(folder)] == names
    assert [file.path.name for file in read_all(folder / "decoder.int8.onnx")] == [
        *("decoder.int8.onnx", "encoder.onnx", "encoder.fp16.onnx", "decoder.onnx", "decoder.fp16.onnx")
    ]
    (folder / "encoder.onnx").unlink()
    assert [file.path.name for file in read_all(folder)] == [names[0], *names[2:]]


def test_read_all_refuses_another_model(folder, forge):
    """A file of another model among them is an error, and so is an encoder in place of the decoder."""
    path = folder / "decoder.fp16.onnx"
    entries = forge.entries(path)
    info = json.loads(entries[KEY_INFO]) | {"model_id": "another"}
    path.write_bytes(forge.with_entries(path.read_bytes(), entries | {KEY_INFO: json.dumps(info)}))
    with pytest.raises(ModelError, match=r"decoder\.fp16\.onnx and decoder\.onnx belong to two models"):
        read_all(folder)
    with pytest.raises(ModelError, match="must be a decoder, got an encoder"):
        read_all(folder / "encoder.onnx")


def test_a_path_that_the_system_refuses(tmp_path):
    """A name that is too long is a ModelError, not an exception of Python's."""
    with pytest.raises(ModelError, match=r"Cannot (use|read) "):
        read_all(tmp_path / ("x" * 5000))

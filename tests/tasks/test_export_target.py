"""The export's target: refused before TensorFlow starts if it is unusable, or would lose or hide something."""

import json
import re
import shutil
import sys

import pytest

from vaecli.commands import command
from vaecli.errors import ModelError, OptionError, OutputError
from vaecli.runs.layout import Run
from vaecli.tasks.export import ExportOptions, export
from vaecli.tasks.export_target import require_usable, resolve


def begin_run(path):
    """Make a folder that counts as a run."""
    path.mkdir(parents=True)
    (path / "provenance.json").write_text(json.dumps({"started": "now"}))
    return Run(path)


@pytest.fixture
def run(tmp_path):
    """A run that has only begun."""
    return begin_run(tmp_path / "my [run] 1")


def check(run, out, precisions=(), *, force=True):
    """Resolve and check a target; return it."""
    target = resolve(run, out)
    require_usable(run, target, precisions, force=force)
    return target


def test_the_run_itself_is_refused(run, tmp_path, monkeypatch):
    """By its path, a link, `.` or another spelling: a model there would win over the run's own after training."""
    link = tmp_path / "link"
    link.symlink_to(run.path)
    for out in (run.path, f"{run.path}/", link, run.path / "model" / ".."):
        with pytest.raises(OutputError, match="must not be a run"):
            check(run, out)
    monkeypatch.chdir(run.path)
    with pytest.raises(OutputError, match="must not be a run") as refusal:
        check(run, ".")
    assert refusal.value.hint.endswith(command("export", "-m", ".", "--force"))
    assert [path.name for path in run.path.iterdir()] == ["provenance.json"]


def test_another_run_and_its_model_are_refused(run, tmp_path):
    """Their own weights would no longer be those that commands use."""
    other = begin_run(tmp_path / "other")
    with pytest.raises(OutputError, match="must not be a run"):
        check(run, other.path)
    with pytest.raises(OutputError, match="must not be the model of another run"):
        check(run, other.model)


def test_its_own_model_folder(run, model_folder, tmp_path):
    """Left out, named or through a link, it is the run's own model; an existing one needs --force."""
    (tmp_path / "link").symlink_to(run.path)
    for out in (None, run.model, tmp_path / "link" / "model"):
        assert check(run, out) == run.model
    run.model.mkdir()
    shutil.copy(model_folder / "decoder.onnx", run.model)
    with pytest.raises(OutputError, match="holds the exported model already") as refusal:
        check(run, None, force=False)
    assert refusal.value.hint.endswith(command("export", "-m", run.path, "--force"))
    assert check(run, None) == run.model


def test_files_and_paths_that_the_system_refuses(run, tmp_path):
    """A file, a file as parent, an empty path, a long name, a loop of links, an unknown home: an error each."""
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for out, message in (
        (file, "must be a folder, got the file"),
        (file / "x", "Not a directory"),
        (tmp_path / ("x" * 300), "File name too long"),
        (loop, "Too many levels of symbolic links"),
        ("~no-such-user/x", "home folder is not known"),
        (f"{tmp_path}/a\0b", "null (byte|character)"),
    ):
        with pytest.raises(OutputError, match=message):
            check(run, out)
    with pytest.raises(OptionError, match="--out must name a file or folder, got ''"):
        check(run, "")
    assert file.read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_a_place_that_takes_no_files(run):
    """Where nothing can be written, even by root, the error comes before the work."""
    with pytest.raises(OutputError, match="Cannot write /proc/vaecli"):
        check(run, "/proc/vaecli")


WITHOUT_RIGHTS = """
import os, pathlib
from vaecli.runs.layout import Run
from vaecli.tasks.export_target import require_usable, resolve
if os.geteuid() == 0:
    os.seteuid(65534)  # root may read and write every folder
run = Run(pathlib.Path("run"))
require_usable(run, resolve(run, "closed"), (), force=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of POSIX")
@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_folder_without_permission(process, here, mode):
    """A folder that may not be read, or not be written, is an error that names it."""
    begin_run(here / "run")
    here.chmod(0o755)
    (here / "closed").mkdir(mode=mode)
    last = process(code=WITHOUT_RIGHTS).stderr.decode().splitlines()[-1]
    assert re.match(r"vaecli.errors.OutputError: (Cannot write|Cannot use the path) .*closed", last), last


def test_a_folder_with_other_files(run, tmp_path):
    """It needs --force; a folder with only system files counts as empty."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / ".DS_Store").write_bytes(b"")
    assert check(run, folder, force=False) == folder
    (folder / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        check(run, folder, force=False)
    assert check(run, folder) == folder


@pytest.mark.parametrize(
    ("name", "precision"),
    [("decoder.int8.onnx", "int8"), ("decoder.fp16.onnx", "fp16"), ("encoder.fp16.onnx", "fp16")],
)
def test_a_foreign_file_with_the_name_of_a_model_file(run, small_folder, tmp_path, name, precision):
    """It is refused unless the export replaces it; a file that vaecli wrote, even a damaged one, is not."""
    content = (small_folder / name).read_bytes()
    path = tmp_path / name
    path.write_bytes(b"a model of mine")
    with pytest.raises(OutputError, match=rf"{name} must be a model file that vaecli wrote"):
        check(run, tmp_path)
    assert check(run, tmp_path, [precision]) == tmp_path
    path.write_bytes(content[:-20] + bytes(20))
    assert check(run, tmp_path) == tmp_path
    path.unlink()
    path.mkdir()
    with pytest.raises(OutputError, match="must be a model file that vaecli wrote"):
        check(run, tmp_path)


def test_options_are_checked_first(tmp_path):
    """An unknown opset or precision is a usage error, whether the run exists or not."""
    with pytest.raises(OptionError, match="--opset must be at most 18, got 99"):
        ExportOptions(opset=99)
    for precision in ("int4", "float32"):
        with pytest.raises(OptionError, match="precisions must be int8 or fp16, got"):
            ExportOptions(precisions=[precision])


@pytest.mark.train
def test_usage_errors_come_before_tensorflow(process, run, contents):
    """`--opset 99` and a bad target exit without an import of TensorFlow, and the run stays as it was."""
    before = contents(run.path)
    code = (
        "import sys, vaecli.cli.main as main\n"
        "try:\n    main.main()\n"
        "except SystemExit as leaving:\n    code = leaving.code\n"
        "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules\n"
        "raise SystemExit(code)"
    )
    for arguments, exit_code, message in (
        (["--opset", "99"], 2, b"must be at most 18, got 99"),
        (["-o", run.path, "--force"], 1, b"must not be a run"),
        (["-o", ""], 2, b"--out"),
    ):
        result = process("export", "-m", run.path, *arguments, code=code)
        assert (result.returncode, result.stdout) == (exit_code, b""), result.stderr
        assert message in b" ".join(result.stderr.split())
    assert contents(run.path) == before


@pytest.mark.train
def test_a_folder_that_is_no_run(tmp_path):
    """It is named, and stays empty."""
    with pytest.raises(ModelError, match="is not a run of vaecli"):
        export(tmp_path)
    assert list(tmp_path.iterdir()) == []

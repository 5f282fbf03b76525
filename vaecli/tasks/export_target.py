"""The folder that an export writes, checked before TensorFlow starts."""

import os
import pathlib
from collections.abc import Sequence

from vaecli import files, folders
from vaecli.choices import Precision
from vaecli.commands import command
from vaecli.errors import OutputError
from vaecli.export.previous import is_ours
from vaecli.modelfile import find
from vaecli.paths import user_path
from vaecli.runs.layout import Run


def resolve(run: Run, out: str | os.PathLike[str] | None) -> pathlib.Path:
    """Return the folder to write: `run.model` if `out` is left out or leads there, else the path that `out` names.

    Raises:
        OptionError: `out` is empty.
        OutputError: the system refuses the path.
    """
    if out is None:
        return run.model
    path = user_path(out, option="--out", error=OutputError)
    return run.model if _is_same(path, run.model) else path


def require_usable(run: Run, target: pathlib.Path, precisions: Sequence[Precision], *, force: bool) -> None:
    """Refuse a folder that cannot be written, or that would lose something or mislead readers.

    Raises:
        OutputError: a file, a folder that may not be read or written, a run or another run's model, a folder that
            is not empty while `force` is not set, or one with a decoder that vaecli did not write.
    """
    with files.translating(target):
        if target.exists() and not target.is_dir():
            raise OutputError(f"--out must be a folder, got the file {target}.", hint="Choose another --out.")
        _require_no_run(run, target)
        if target == run.model and (target / find.DECODERS["float32"]).exists() and not force:
            raise OutputError(
                f"{target} holds the exported model already.",
                hint=f"Replace it: {command('export', '-m', run.path, '--force')}",
            )
        folders.require_free(target, force=force)
        _require_own_files(target, precisions)
        files.require_writable(next(place for place in (target, *target.parents) if place.exists()))


def _require_no_run(run: Run, target: pathlib.Path) -> None:
    """Refuse as target the folder of a run, and the `model` folder of a run other than `run`."""
    real = pathlib.Path(os.path.realpath(target))  # also where a part of the path is still missing
    if Run(real).provenance.exists():
        raise OutputError(
            f"--out must not be a run, got {target}: commands would use the exported model in place of the run's "
            "own one, also after further training.",
            hint=f"Write the run's own model: {command('export', '-m', target, '--force')}",
        )
    owner = Run(real.parent)
    if target != run.model and owner.model.name == real.name and owner.provenance.exists():
        raise OutputError(
            f"--out must not be the model of another run, got {target}.", hint="Choose another --out."
        )


def _require_own_files(target: pathlib.Path, precisions: Sequence[Precision]) -> None:
    """Check that no file which vaecli did not write has the name of a model file that this export leaves out.

    Commands read all files of a model in a folder, so such a file cannot stay; and it is the user's, so it is not
    removed.
    """
    tables, written = (find.ENCODERS, find.DECODERS), ("float32", *precisions)
    replaced = {table[precision] for table in tables for precision in written if precision in table}
    for name in {*find.FILES} - replaced:
        path = target / name
        if os.path.lexists(path) and not is_ours(path):
            raise OutputError(
                f"{path} must be a model file that vaecli wrote, but is something else.",
                hint="Move it away, or choose another --out.",
            )


def _is_same(first: pathlib.Path, second: pathlib.Path) -> bool:
    return os.path.realpath(first) == os.path.realpath(second)

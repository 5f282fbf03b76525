"""The kind of an output by the suffix of its name, and the refusal of one that cannot be written."""

import os
import pathlib
import shlex
from typing import Literal, TypeAlias

from vaecli import files, folders
from vaecli.errors import OptionError, OutputError
from vaecli.files import IfTaken
from vaecli.paths import user_path

Kind: TypeAlias = Literal["sheet", "npy", "npz", "gif", "folder"]

KINDS: dict[str, Kind] = {".png": "sheet", ".npy": "npy", ".npz": "npz", ".gif": "gif"}


def target_kind(path: str | os.PathLike[str]) -> Kind:
    """Return the kind of output that `path` names, by its suffix.

    A name without a suffix, a trailing slash or a folder that exists means a folder.

    Raises:
        OptionError: an empty name, `-`, a suffix without a name before it, or an unknown suffix.
    """
    name = os.fspath(path)
    target = target_path(path)
    if name == "-":
        raise OptionError(
            "--out must name a file or folder, got '-'.",
            option="--out",
            hint="Pictures are not written to standard output.",
        )
    if target.name.lower() in KINDS:
        raise OptionError(f"--out must have a name before {target.name}, got {name!r}.", option="--out")
    suffix = target.suffix.lower()
    if not suffix or name.endswith(("/", os.sep)) or target.is_dir():
        return "folder"
    if suffix not in KINDS:
        raise OptionError(
            f"--out must end in {', '.join(KINDS)}, or in / for a folder with one PNG each, got {name}.",
            option="--out",
        )
    return KINDS[suffix]


def check_target(path: str | os.PathLike[str], *, if_taken: IfTaken = "refuse") -> None:
    """Refuse, before any image is computed, a target that `write_images` would refuse.

    Raises:
        OptionError: no name, or an unknown suffix.
        OutputError: its folder is missing or not writable, or `path` exists and `if_taken` is `refuse`.
    """
    kind = target_kind(path)
    target = target_path(path)
    with files.translating(target):
        if if_taken != "number":
            folders.require_free(target, force=if_taken == "replace")
        real = files.followed(target)
        if not real.parent.is_dir():
            raise _no_folder(target, real.parent)
        if kind == "folder" and target.exists() and not target.is_dir():
            raise OutputError(
                f"Cannot write the folder {target}: a file has this name.", hint="Choose another name."
            )
        files.require_writable(real if kind == "folder" and real.is_dir() else real.parent)


def target_path(path: str | os.PathLike[str]) -> pathlib.Path:
    """Return the path of --out, with `~` expanded."""
    return user_path(path, option="--out", error=OutputError)


def _no_folder(target: pathlib.Path, folder: pathlib.Path) -> OutputError:
    """Return the error for a target whose folder is missing, with the command that makes it."""
    blocking = [path for path in (folder, *folder.parents) if os.path.lexists(path) and not path.is_dir()]
    if blocking:
        return OutputError(
            f"Cannot write {target}: {blocking[0]} is not a folder.", hint="Choose another place."
        )
    end_of_options = ["--"] if str(folder).startswith("-") else []
    make = shlex.join(["mkdir", "-p", *end_of_options, str(folder)])
    return OutputError(f"Cannot write {target}: the folder {folder} does not exist.", hint=f"Make it: {make}")

"""The kind of an output by the suffix of its name, and the refusal of one that cannot be written."""

import os
import pathlib
from typing import Literal, TypeAlias

from vaecli import folders
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
    folders.require_place(target, if_taken=if_taken, is_folder=kind == "folder")


def target_path(path: str | os.PathLike[str]) -> pathlib.Path:
    """Return the path of --out, with `~` expanded."""
    return user_path(path, option="--out", error=OutputError)

"""The folder of everything that can be made or downloaded again."""

import os
import pathlib

import platformdirs

CACHE_HINT = "Name a folder that can be written, such as `export VAECLI_CACHE=/tmp/vaecli`."


def cache_root() -> pathlib.Path | None:
    """Return the cache folder: the one `VAECLI_CACHE` names, else `vaecli` in the user's cache folder.

    None if neither is known, as for a container's user without a home folder; the caller reports the error.
    """
    from_environment = os.environ.get("VAECLI_CACHE")
    if not from_environment and os.environ.get("HOME") == "" and not os.environ.get("XDG_CACHE_HOME"):
        return None  # old versions of platformdirs take an empty HOME for the root folder
    try:
        root = pathlib.Path(from_environment or platformdirs.user_cache_dir("vaecli", False)).expanduser()
    except RuntimeError:  # `~` of an unknown user
        return None
    return root if from_environment or root.is_absolute() else None

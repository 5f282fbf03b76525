"""Configuration files, read and written: the options of `vaecli train` as TOML, one `key = value` a line."""

import codecs
import dataclasses
import pathlib
import types
import typing
from typing import Any

from vaecli import checks, files, foreign
from vaecli.errors import ConfigError, OptionError
from vaecli.options import BEFORE, TrainOptions, merge, settings
from vaecli.paths import user_path

MAX_CONFIG_BYTES = 2**20


def read_options(path: pathlib.Path) -> TrainOptions:
    """Read the options of a run from its config.toml; what was not an option then is as it was before.

    Raises:
        ConfigError: as `read_config`; or a value is out of its range.
    """
    entries = read_config(path)
    try:
        return merge(BEFORE, entries)
    except OptionError as error:
        raise ConfigError(
            f"{path}: {error.message}", hint="Undo that change, or train the run again."
        ) from error


def read_config(path: pathlib.Path) -> dict[str, Any]:
    """Read the settings of a TOML file; their names and types are those of `TrainOptions`.

    Raises:
        ConfigError: the file is missing or not TOML, a key is unknown (the nearest one is named), or a value has
            another type.
    """
    import tomllib  # noqa: PLC0415  # every command loads this module; few read a file

    path = user_path(path, option="--config", error=ConfigError)
    content = b""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CONFIG_BYTES + 1)
        entries = tomllib.loads(_decode(path, content))
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigError(
            f"Cannot read the configuration {path}: {reason}.", hint="Give a TOML file."
        ) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # ValueError: also bytes that are not UTF-8, and 5,000 digits
        raise _not_toml(path, content, error) from error
    for key, value in entries.items():
        _check_setting(path, key, value)
    return entries


def write_config(path: pathlib.Path, options: TrainOptions) -> None:
    """Write the options as TOML, whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    import tomli_w  # noqa: PLC0415  # every command loads this module; few write a file

    files.write_text(path, tomli_w.dumps(settings(options)))


def _not_toml(path: pathlib.Path, content: bytes, error: Exception) -> ConfigError:
    """Return the error for a file that is not TOML; a picture or a model in its place is named."""
    kind = foreign.identify(content[: foreign.START], path)
    if kind and kind.kind != "a text file":
        return ConfigError(f"{path} must be TOML, got {kind.kind}.", hint=kind.hint)
    return ConfigError(f"{path} is not TOML: {error}.", hint="Write one `key = value` a line.")


def _decode(path: pathlib.Path, content: bytes) -> str:
    """Decode UTF-8, with or without a byte-order mark.

    Raises:
        ConfigError: the file is too large, or the text is UTF-16, with or without its mark.
        UnicodeDecodeError: the content is neither UTF-8 nor UTF-16.
    """
    if len(content) > MAX_CONFIG_BYTES:
        raise ConfigError(f"{path} must have at most {MAX_CONFIG_BYTES:,} bytes, got more.")
    has_mark = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if has_mark or (
        len(content) > 1 and content[:2].count(0) == 1
    ):  # half of an ASCII letter's two bytes is zero
        raise ConfigError(
            f"{path} must be UTF-8, got UTF-16.",
            hint="Save it as UTF-8: in Notepad under Save as; in PowerShell with Out-File -Encoding utf8.",
        )
    return content.decode("utf-8-sig")


def _check_setting(path: pathlib.Path, key: str, value: object) -> None:
    fields = {field.name: field for field in dataclasses.fields(TrainOptions)}
    if key not in fields:
        import difflib  # noqa: PLC0415

        near = difflib.get_close_matches(key.replace("-", "_"), fields, n=1, cutoff=0.5)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known keys: {', '.join(fields)}."
        raise ConfigError(f"{path} has an unknown key: `{key}`.", hint=hint)
    default = fields[key].default
    allowed = _types(key)
    if not isinstance(value, allowed) or (isinstance(value, bool) and bool not in allowed):
        expected = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}[allowed[0]]
        hint = "" if default is None else f"Its default is {default!r}."
        raise ConfigError(f"{path}: `{key}` must be {expected}, got {checks.shown(value)}.", hint=hint)


def _types(key: str) -> tuple[type, ...]:
    """Return the types that a setting may have in TOML, the one to name in errors first."""
    annotation = typing.get_type_hints(TrainOptions)[key]
    members = typing.get_args(annotation) if isinstance(annotation, types.UnionType) else (annotation,)
    plain = tuple(member for member in members if isinstance(member, type) and member is not type(None))
    if float in plain:
        return (float, int)
    return plain or (str,)  # the words of a Literal

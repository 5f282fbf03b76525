"""The modules of a folder as one script, because a page that is opened from a disk cannot import its neighbours.

Each module becomes a function that is called once and returns what it exports, so that names never collide. The
modules may use these forms only, each at the start of a line:

    import { a, b as c } from "./path.js";
    export function a, export async function a, export function* a, export class A, export const A
    export{x as a,y as b};                       in minified files of others

Comments and needless spaces are left out; the licence beside a module of others stays with it.
"""

import pathlib
import posixpath
import re

from vaecli.pages.compact import compact_script

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function\*?|class|const|let) (\w+))", re.MULTILINE)
_EXPORT_LIST = re.compile(r"export ?\{([^}]*)\};")
_LICENCE = "LICENSE.md"  # beside a module of others


def bundle(folder: pathlib.Path, entry: str) -> str:
    """Return the module `entry` of a folder and all that it imports as one script.

    Raises:
        ValueError: modules that import each other, or an import or export of another form.
        OSError: a module is missing.
    """
    scripts: dict[str, str] = {}
    _add(folder, entry, scripts, ())
    return '"use strict";\n' + "".join(scripts.values())


def _add(folder: pathlib.Path, module: str, scripts: dict[str, str], above: tuple[str, ...]) -> None:
    if module in above:
        raise ValueError(f"modules must not import each other: {' -> '.join((*above, module))}")
    if module in scripts:
        return
    source = (folder / module).read_text(encoding="utf-8")
    for _, path in _IMPORT.findall(source):
        _add(folder, _resolved(module, path), scripts, (*above, module))
    licence = (folder / module).with_name(_LICENCE)
    notice = f"/*\n{licence.read_text(encoding='utf-8').strip()}\n*/\n" if licence.exists() else ""
    scripts[module] = notice + compact_script(_wrapped(module, source)) + "\n"


def _wrapped(module: str, source: str) -> str:
    """Return a module as a constant: an object of what it exports."""
    exports = [(name, name) for name in _EXPORT.findall(source)]
    body = _IMPORT.sub(
        lambda match: f"const {{{_renamed(match[1])}}} = {_name(_resolved(module, match[2]))};\n", source
    )
    body = _EXPORT.sub("", body)
    for names in _EXPORT_LIST.findall(body):
        pairs = [part.split(" as ") for part in names.split(",")]
        exports += [(pair[-1].strip(), pair[0].strip()) for pair in pairs]
    body = _EXPORT_LIST.sub("", body)
    if left := re.search(r"^(import|export)\b.*", body, re.MULTILINE):
        raise ValueError(
            f"{module} must import and export in the forms that `bundle` knows, got {left[0]!r:.80}"
        )
    returned = ", ".join(f"{name}: {own}" for name, own in exports if name != "default")
    return f"const {_name(module)} = (() => {{\n{body.strip()}\nreturn {{ {returned} }};\n}})();\n"


def _resolved(module: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(module), path))


def _renamed(names: str) -> str:
    """Return the names of an import as those of a destructuring: `a as b` becomes `a: b`."""
    return re.sub(r"\bas\b", ":", names)


def _name(module: str) -> str:
    return "$" + re.sub(r"\W", "_", module.removesuffix(".js"))

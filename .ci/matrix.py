"""Test with the lowest and the highest versions that pyproject.toml admits, each in a fresh environment.

    python .ci/matrix.py [--versions lowest highest] [--parts base train]
    python .ci/matrix.py --constraints     # only print the lowest versions, for `pip install -c`

`base` is the suite without TensorFlow; `train` trains, exports, verifies and samples, then runs the tests of the
export and of two workers. pip chooses the versions of packages that only the tests need.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import venv

TOP = pathlib.Path(__file__).resolve().parent.parent
PINNED = ("numpy", "onnxruntime", "tensorflow", "keras", "tf2onnx", "onnx", "typer", "pillow", "rich")


def lowest() -> str:
    """Return `name==version` for the lower bound of each dependency and of the train extra, one per line."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["train"]]
    bounds = [re.fullmatch(r"([\w-]+)>=([\d.]+).*", entry) for entry in requirements]
    if None in bounds:
        sys.exit(f"a dependency without a lower bound in {requirements}")
    return "".join(f"{bound[1]}=={bound[2]}\n" for bound in bounds if bound)


def run(*command: object, cwd: pathlib.Path) -> None:
    """Run a command; exit if it fails."""
    print("+", *command, flush=True)
    environment = os.environ | {"PYTHONPATH": ""}
    process = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, check=False)
    if process.returncode:
        sys.exit(f"failed with exit code {process.returncode}")


def test(versions: str, part: str, folder: pathlib.Path) -> None:
    """Make an environment in `folder` and run the tests there, away from the source tree."""
    venv.create(folder / "env", with_pip=True)
    scripts = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    constraints = folder / "constraints.txt"
    constraints.write_text(lowest() if versions == "lowest" else "")
    extras = "test" if part == "base" else "train,test"
    run(scripts / "python", "-m", "pip", "install", "-q", "-c", constraints, f"{TOP}[{extras}]", cwd=folder)
    print(f"== {versions}, {part}, Python {sys.version.split()[0]}")
    run(scripts / "python", "-c", SHOW, *PINNED, cwd=folder)
    for pattern in ("tests", "examples", "pyproject.toml", "LICENSE", "*.md", "*.cff"):
        for path in TOP.glob(pattern):
            (folder / path.name).symlink_to(path)
    pytest = [scripts / "python", "-m", "pytest", "-q", *(["-W", "default"] if versions == "lowest" else [])]
    if part == "base":
        run(*pytest, "-m", "not train", cwd=folder)
        return
    vaecli = scripts / "vaecli"
    run(vaecli, "train", "--data", "fashion-mnist-mini", "--epochs", 1, "--quiet", "--out", "run", cwd=folder)
    run(vaecli, "export", "-m", "run", "-o", "model", "--int8", cwd=folder)
    run(vaecli, "verify", "-m", "model", cwd=folder)
    run(vaecli, "sample", "-m", "model", "--precision", "int8", "-o", "a.png", cwd=folder)
    run(vaecli, "train", "--resume", "run", "--epochs", 2, "--quiet", cwd=folder)
    run(*pytest, "tests/export", "tests/program/test_workers.py", cwd=folder)


SHOW = """
import importlib.metadata, sys
for name in sys.argv[1:]:
    try:
        print(f"   {name} {importlib.metadata.version(name)}")
    except importlib.metadata.PackageNotFoundError:
        pass
"""


def main() -> None:
    """Run the requested combinations."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--versions", nargs="+", choices=("lowest", "highest"), default=["lowest", "highest"])
    parser.add_argument("--parts", nargs="+", choices=("base", "train"), default=["base", "train"])
    parser.add_argument("--constraints", action="store_true")
    options = parser.parse_args()
    if options.constraints:
        print(lowest(), end="")
        return
    for versions in options.versions:
        for part in options.parts:
            with tempfile.TemporaryDirectory() as folder:
                test(versions, part, pathlib.Path(folder))


if __name__ == "__main__":
    main()

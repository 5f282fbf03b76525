"""`vaecli data`, through the program's own `main`."""

import pytest


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["fetch", "nosuch"], 1, "nosuch"),
        (["fetch", "fashion-mnist-min"], 1, "Did you mean fashion-mnist-mini?"),
        (["fetch"], 2, "name"),
        (["nosuch"], 2, "nosuch"),
        (["--nosuch"], 2, "--nosuch"),
    ],
)
def test_errors(call, here, arguments, exit_code, says):
    """An unknown name is an error with the nearest one; usage errors have exit code 2."""
    code, stdout, stderr = call("data", *arguments)
    assert (code, stdout) == (exit_code, "")
    assert says.lower() in stderr.lower()
    assert list(here.iterdir()) == []


def test_fetching_the_bundled_subset(call):
    """The bundled subset needs no download: its location on stdout, the next command on stderr."""
    code, stdout, stderr = call("data", "fetch", "fashion-mnist-mini")
    assert code == 0
    assert "bundled" in stdout
    assert "vaecli train --data fashion-mnist-mini" in stderr
    code, _, stderr = call("data", "fetch", "fashion-mnist-mini", "--quiet")
    assert (code, stderr) == (0, "")

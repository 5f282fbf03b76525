"""A path that the system refuses is one red line, in every option that takes a path."""

import pytest

OPTIONS = [
    ["info", "-m"],
    ["verify", "-m"],
    ["bench", "-m"],
    ["eval", "-m"],
    ["sample", "-m"],
    ["interpolate", "test:0", "test:1", "-m"],
    *(
        pytest.param(option, marks=pytest.mark.train, id=" ".join(option))
        for option in (
            ["train", "--config"],
            ["train", "--resume"],
            ["train", "--data"],
            ["train", "--data", "fashion-mnist-mini", "--out"],
        )
    ),
]
PATHS = {"unknown user": "~no-such-user/x", "300 characters": "a" * 300, "loop of links": "loop/x"}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("option", OPTIONS, ids=" ".join)
def test_refused_paths(call, here, option, path):
    """Exit code 1, the reason, and nothing written."""
    (here / "loop").symlink_to("loop")
    code, stdout, stderr = call(*option, path)
    assert (code, stdout) == (1, ""), stderr
    last_line = stderr.splitlines()[-1]
    assert last_line.startswith("Error: Cannot ") and len(last_line) < 400
    assert [path.name for path in here.iterdir()] == ["loop"]

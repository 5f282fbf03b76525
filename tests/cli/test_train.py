"""`vaecli train`, through the program's own `main`: what is refused before TensorFlow starts."""

import re

import pytest

pytestmark = pytest.mark.train


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["--out", "~nosuchuser/run"], 1, "Cannot expand ~nosuchuser"),
        (["--resume", "~nosuchuser/run"], 1, "Cannot expand ~nosuchuser"),
        (["--config", "~nosuchuser/a.toml"], 1, "Cannot expand ~nosuchuser"),
        (["--data", "~nosuchuser/data"], 1, "Cannot expand ~nosuchuser"),
        (["--out", "a" * 300], 1, "too long"),
        (["--config", "a[/b].toml"], 1, "a[/b].toml"),
        (["--resume", "a[/b]"], 1, "a[/b] is not a run"),
        (["--max-time", "9" * 400 + "s"], 2, "--max-time must be a time"),
        (["--max-time", "9" * 5000 + "s"], 2, "--max-time must be a time"),
        (["--devices", "9" * 5000], 2, "--devices"),
        (["--epochs", "9" * 5000], 2, "--epochs"),
        (["--seed", "9" * 30], 2, "--seed"),
        (["--latent-dim", "9" * 30], 2, "--latent-dim"),
        (["--learning-rate", "9" * 400], 2, "--learning-rate"),
        (["--checkpoint-every", "nan"], 2, "--checkpoint-every"),
        (["--resume", "nowhere", "--seed", "1"], 2, "Got --seed"),
        (["--test-split", "0.1"], 2, "fashion-mnist-mini has 1,000 test images already"),
        (["--components", "80"], 2, "--components must be at most 71 for"),
        (["--dry-run", "--components", "80"], 2, "--components must be at most 71 for"),
        (["--latent-dim", "2000", "--prior", "mixture"], 2, "--prior mixture needs at least 10,000 training"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_refusals(call, here, arguments, exit_code, says):
    """The option or the path is named, nothing is on stdout, and no file is written."""
    given = [] if {"--data", "--resume"} & set(arguments) else ["--data", "fashion-mnist-mini"]
    code, stdout, stderr = call("train", *given, *arguments)
    assert (code, stdout) == (exit_code, ""), stderr
    assert says in re.sub(r"[\s│]+", " ", stderr)
    assert "Traceback" not in stderr
    assert list(here.iterdir()) == []

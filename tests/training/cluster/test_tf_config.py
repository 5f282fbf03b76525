"""TF_CONFIG and `--devices`: valid and invalid values."""

import json

import pytest

from vaecli.errors import ConfigError, OptionError
from vaecli.options import device_count
from vaecli.training.cluster.tf_config import EXAMPLE, Cluster, from_environment

HOSTS = ["a:1", "b:1", "c:1"]


def config(jobs, kind="worker", index=0):
    return json.dumps({"cluster": jobs, "task": {"type": kind, "index": index}})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, Cluster()),
        ("{}", Cluster()),
        (config({"worker": HOSTS[:1]}), Cluster(1, 0, "a:1")),
        (config({"worker": HOSTS}, index=2), Cluster(3, 2, "a:1")),
        (config({"worker": HOSTS}, index="1"), Cluster(3, 1, "a:1")),  # Ray and others write text
        (config({"chief": HOSTS[:1], "worker": HOSTS[1:]}, "chief"), Cluster(3, 0, "a:1")),
        (config({"chief": HOSTS[:1], "worker": HOSTS[1:]}, index=1), Cluster(3, 2, "a:1")),
        (EXAMPLE, Cluster(2, 0, "host-a:2222")),
    ],
)
def test_the_place_of_this_process(monkeypatch, text, expected):
    """The chief is worker 0, whether TF_CONFIG names a chief or not."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    assert from_environment() == expected


@pytest.mark.parametrize(
    "text",
    [
        "worker",
        "[]",
        '{"cluster": {"worker": ["a:1", "b:1"]}}',
        config({"worker": HOSTS}, index=3),
        config({"worker": HOSTS}, index=-1),
        config({"worker": HOSTS}, "ps"),
        config({"worker": HOSTS, "ps": HOSTS}),
        config({"worker": HOSTS, "chief": HOSTS}),
        config({"worker": 3}),
        config({"worker": HOSTS}, index=1e400),
    ],
)
def test_an_invalid_configuration(monkeypatch, text):
    """The error names the fault and gives an example."""
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError, match=r"Cannot use TF_CONFIG: .*host-a:2222"):
        from_environment()


def test_device_count():
    """`--devices` takes a number of at least 1, or `all`."""
    assert device_count("3") == 3 and device_count("all") is None
    for text in ("0", "-1", "two", "", "1.5", "²"):
        with pytest.raises(OptionError, match="--devices must be"):
            device_count(text)

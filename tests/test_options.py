"""Training options: ranges, layers, and the way to TOML and back."""

import dataclasses
import math
import re

import pytest
import tomli_w

from vaecli.errors import ConfigError, OptionError
from vaecli.options import TrainOptions, merge, read_config, settings

FULL = TrainOptions(
    data="mnist", network="classic", epochs=3, latent_dim=5, batch_size=7, learning_rate=0.1, schedule="constant",
    beta=0.0, precision="bfloat16", patience=2, validation_split=0.25, seed=2**63 - 1,
)  # fmt: skip


@pytest.fixture
def config(tmp_path):
    """Write a configuration file."""

    def config(text):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return config


@pytest.mark.parametrize("options", [TrainOptions(), FULL], ids=["defaults", "full"])
def test_round_trip(config, options):
    """What a run writes into config.toml is what `--config` reads: the same options, to the last bit."""
    assert merge(read_config(config(tomli_w.dumps(settings(options))))) == options


def test_full_differs_from_the_defaults_everywhere():
    """The round trip above would see any field that is dropped; network and likelihood have but one."""
    defaults = dataclasses.asdict(TrainOptions())
    same = {name for name, value in dataclasses.asdict(FULL).items() if value == defaults[name]}
    assert same == {"network", "likelihood"}


def test_layers():
    """Flags win over the file, the file over defaults; None is left out; a falsy value is a value."""
    file, flags = {"epochs": 5, "beta": 2.0, "seed": 9}, {"epochs": None, "beta": 0.0}
    assert merge(file, flags) == TrainOptions(epochs=5, beta=0.0, seed=9)
    assert merge() == TrainOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in ("epochs", "latent_dim", "batch_size", "patience") for value in (0, -1)],
        ("latent_dim", 4097),
        *[("learning_rate", value) for value in (0.0, -1e-3, math.nan, math.inf, -math.inf)],
        *[("beta", value) for value in (-1e-9, math.nan, math.inf)],
        *[("validation_split", value) for value in (0.0, 1.0, -0.1, 1.1, math.nan, math.inf)],
        ("seed", -1),
        ("seed", 2**63),
        ("network", "nosuch"),
        ("schedule", ""),
    ],
)
def test_out_of_range(name, value):
    """The error is a usage error, names the option as it is typed, and shows what came."""
    with pytest.raises(OptionError) as caught:
        merge({name: value})
    assert caught.value.option == "--" + name.replace("_", "-")
    assert str(caught.value).startswith(caught.value.option)
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latent_dim", 4096),
        ("epochs", 1),
        ("beta", 0),
        ("seed", 0),
        ("validation_split", 0.999),
        ("beta", 1e30),
    ],
)
def test_the_ends_of_the_ranges_are_in(name, value):
    """A bound that is allowed is not refused."""
    assert getattr(merge({name: value}), name) == value


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("epoch", "epochs"),
        ("latent-dim", "latent_dim"),
        ("lr_rate", "learning_rate"),
        ("bath_size", "batch_size"),
    ],
)
def test_unknown_key_names_the_nearest(config, key, near):
    """A key that does not exist is an error with the right one, dashes or a slip of the finger."""
    with pytest.raises(ConfigError, match=rf"`{key}`.*Did you mean `{near}`\?"):
        read_config(config(f"{key} = 3"))


def test_unknown_key_far_from_all(config):
    """Where none is near, all are named; a table is such a key too."""
    for text in ("zzz = 1", "[zzz]\nepochs = 3"):
        with pytest.raises(ConfigError, match=r"`zzz`.*epochs.*validation_split"):
            read_config(config(text))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("epochs = true", "a whole number; True came"),
        ("epochs = 3.0", "a whole number; 3.0 came"),
        ('epochs = "3"', "a whole number; '3' came"),
        ("epochs = [3]", "a whole number"),
        ("beta = false", "a number; False came"),
        ('beta = "1"', "a number"),
        ("data = 3", "text; 3 came"),
        ("data = true", "text"),
        ("schedule = 1", "text"),
        ("seed = 2026-01-01", "a whole number"),
    ],
)
def test_wrong_types(config, line, expected):
    """A wrong type is an error that names the file, the key, what was expected and what came."""
    path = config(line)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    message = str(caught.value)
    assert str(path) in message
    assert f"`{line.split()[0]}`" in message
    assert expected in message
    assert "None" not in message


def test_a_whole_number_where_any_number_goes(config):
    """`beta = 2` is not a mistake."""
    assert merge(read_config(config("beta = 2"))).beta == 2


@pytest.mark.parametrize(
    "text",
    [
        "epochs",
        "epochs = ",
        "epochs = 1\nepochs = 2",
        b"\xff\xfe",
        b"\x00",
        "x = " + "[" * 20_000,
        b"\x89PNG\r\n",
    ],
    ids=["no value", "half", "twice", "not UTF-8", "zero", "deep", "PNG"],
)
def test_not_toml(config, text):
    """Whatever the bytes, the error says that they are not TOML."""
    with pytest.raises(ConfigError, match="not TOML"):
        read_config(config(text))


def test_missing_and_folder(tmp_path):
    """A path that cannot be read is named with the system's reason."""
    for path in (tmp_path / "missing.toml", tmp_path, tmp_path / ("a" * 300)):
        with pytest.raises(ConfigError, match=re.escape(f"Cannot read the configuration {path}")):
            read_config(path)


@pytest.mark.parametrize(
    ("line", "option"), [("beta = nan", "--beta"), ("learning_rate = inf", "--learning-rate")]
)
def test_toml_can_say_nan(config, line, option):
    """TOML has nan and inf: they pass as numbers and are refused by their range."""
    with pytest.raises(OptionError, match=f"^{option} has to be"):
        merge(read_config(config(line)))

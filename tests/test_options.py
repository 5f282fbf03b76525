"""Training options: types, ranges, layers, and the way to TOML and back."""

import dataclasses
import math
import pathlib
import re

import numpy as np
import pytest
import tomli_w

from vaecli.config import read_config
from vaecli.errors import ConfigError, OptionError
from vaecli.options import TrainOptions, device_count, merge, settings

FULL = TrainOptions(
    data="mnist", network="conv", width=8, depth=3, epochs=3, latent_dim=5, batch_size=7, learning_rate=0.1,
    schedule="constant", beta=0.0, kl_warmup=0.5, free_bits=0.25, precision="bfloat16", patience=2,
    validation_split=0.25, seed=2**63 - 1, examples=False, stretch=True,
    image_size="48x36", colour="rgb", fit="crop", augment="flip,shift",
    test_split=0.125, allow_bad=True, binarize=True, conditional=True, start_from="runs/first",
    prior="mixture", components=7,
)  # fmt: skip
WHOLE = ("width", "depth", "epochs", "latent_dim", "batch_size", "patience", "seed", "components")
REAL = ("learning_rate", "beta", "kl_warmup", "free_bits", "validation_split")
WORDS = ("network", "likelihood", "schedule", "precision", "prior")


@pytest.fixture
def config(tmp_path):
    """Write a configuration file."""

    def config(text):
        path = tmp_path / "config.toml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return config


@pytest.mark.parametrize(
    "options",
    [TrainOptions(), FULL, TrainOptions(likelihood="gaussian", mixture_epochs=6)],
    ids=["defaults", "full", "the others"],
)
def test_round_trip(config, options):
    """`--config` reads what a run writes into config.toml: the same options, to the last bit."""
    assert merge(read_config(config(tomli_w.dumps(settings(options))))) == options


def test_full_differs_from_the_defaults_everywhere():
    """The round trip above would notice any field that is lost; two fields allow no other value here."""
    defaults = dataclasses.asdict(TrainOptions())
    same = {name for name, value in dataclasses.asdict(FULL).items() if value == defaults[name]}
    assert same == {"likelihood", "mixture_epochs"}


def test_layers():
    """Flags win over the file, the file over defaults; None counts as absent; a falsy value is a value."""
    file, flags = {"epochs": 5, "beta": 2.0, "seed": 9}, {"epochs": None, "beta": 0.0}
    assert merge(file, flags) == TrainOptions(epochs=5, beta=0.0, seed=9)
    assert merge() == TrainOptions()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[(name, value) for name in ("epochs", "latent_dim", "batch_size", "patience") for value in (0, -1)],
        *[(name, value) for name in WHOLE for value in (True, 3.0, math.nan, "3", 2**63, -(2**63))],
        *[(name, value) for name in REAL for value in (True, "1", -1e-9, math.nan, math.inf, -math.inf)],
        *[(name, value) for name in WORDS for value in ("nosuch", "", 1, True)],
        ("latent_dim", 4097),
        ("width", 0),
        ("width", 4097),
        ("depth", 0),
        ("depth", 17),
        *[("components", value) for value in (0, 1025)],
        *[("mixture_epochs", value) for value in (-1, 31, True, 2.0, "2")],
        ("learning_rate", 0.0),
        *[("validation_split", value) for value in (0.0, 1.0, 1.1)],
        *[(name, value) for name in ("data", "start_from") for value in ("", 3)],
        *[
            (name, value)
            for name in ("examples", "stretch", "allow_bad", "binarize", "conditional")
            for value in (1, 0, "no")
        ],
        *[
            ("image_size", value)
            for value in ("", "3", "0x64", "64x", "4x3", "1001x1000", "64 x 64", "-64", 6.4)
        ],
        *[("image_size", "6\u0664")],  # a digit, but not an ASCII one
        *[(name, value) for name in ("colour", "fit") for value in ("nosuch", "", 1, True)],
        *[("augment", value) for value in ("turn", "flip,", "flip;shift", 1)],
        *[("test_split", value) for value in (-0.1, 1.0, math.nan, True, "1")],
    ],
)
def test_out_of_range(name, value):
    """The error is a usage error, names the option as it is typed, and shows the value."""
    with pytest.raises(OptionError) as caught:
        merge({name: value})
    assert caught.value.option == "--" + name.replace("_", "-")
    assert str(caught.value).startswith(f"{caught.value.option} must ")
    shown = {"nan": "NaN"}.get(repr(value), repr(value))
    assert f"got {shown}." in str(caught.value)


@pytest.mark.parametrize("name", [*WHOLE, *REAL])
@pytest.mark.parametrize("digits", [400, 5000])
def test_enormous_numbers(name, digits):
    """Numbers beyond what a float holds, or Python prints, are refused like any other, in a short message."""
    with pytest.raises(OptionError) as caught:
        merge({name: 10**digits})
    assert len(str(caught.value)) < 200


def test_messages():
    """The words of a refusal: the option, the range, the value."""
    for given, message in (
        ({"epochs": 0}, "--epochs must be at least 1, got 0."),
        ({"latent_dim": 5000}, "--latent-dim must be at most 4096, got 5000."),
        ({"beta": math.nan}, "--beta must be at least 0 and finite, got NaN."),
        (
            {"validation_split": 1},
            "--validation-split must be greater than 0 and less than 1, got 1.",
        ),
        ({"schedule": "linear"}, "--schedule must be cosine or constant, got 'linear'."),
        (
            {"binarize": True, "likelihood": "logistic"},
            "--binarize must be left out with --likelihood logistic: binary pixels are Bernoulli's. "
            "Leave one out.",
        ),
        (
            {"mixture_epochs": 6, "free_bits": 0.1},
            "--mixture-epochs must be left out with --free-bits, got 6. Leave one out.",
        ),
        (
            {"mixture_epochs": 6, "conditional": True},
            "--mixture-epochs must be left out with --conditional, got 6. Leave one out.",
        ),
        ({"mixture_epochs": 6, "epochs": 5}, "--mixture-epochs must be at most 5, got 6."),
        ({"data": ""}, "--data must be the name of a data set, a folder or a file, got ''."),
    ):
        with pytest.raises(OptionError) as caught:
            merge(given)
        assert str(caught.value) == message


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("latent_dim", 4096),
        ("epochs", 1),
        ("beta", 0),
        ("seed", 0),
        ("validation_split", 0.999),
        ("beta", 1e30),
        ("image_size", "4"),
        ("image_size", "1000x1000"),
        ("augment", "shift"),
        ("test_split", 0.0),
    ],
)
def test_the_ends_of_the_ranges_are_in(name, value):
    """A bound that is allowed is not refused."""
    assert getattr(merge({name: value}), name) == value


def test_numbers_of_other_types(config):
    """numpy's numbers and a path become what TOML can hold."""
    options = TrainOptions(
        data=pathlib.Path("a"), epochs=np.int64(3), beta=np.float32(0.5), learning_rate=1, seed=np.uint8(9)
    )
    assert options == TrainOptions(data="a", epochs=3, beta=0.5, learning_rate=1.0, seed=9)
    assert merge(read_config(config(tomli_w.dumps(settings(options))))) == options


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
    """A key that does not exist is an error that names the nearest one, after a dash or a typing error."""
    with pytest.raises(ConfigError, match=rf"`{key}`.*Did you mean `{near}`\?"):
        read_config(config(f"{key} = 3"))


def test_unknown_key_far_from_all(config):
    """Where none is near, all are named; a table is an unknown key too."""
    for text in ("zzz = 1", "[zzz]\nepochs = 3"):
        with pytest.raises(ConfigError, match=r"`zzz`.*epochs.*validation_split"):
            read_config(config(text))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("epochs = true", "a whole number, got True."),
        ("epochs = 3.0", "a whole number, got 3.0."),
        ('epochs = "3"', "a whole number, got '3'."),
        ("epochs = [3]", "a whole number, got [3]."),
        ("batch_size = 3.0", "a whole number, got 3.0."),
        ('learning_rate = "1"', "a number, got '1'."),
        ("beta = false", "a number, got False."),
        ('beta = "1"', "a number, got '1'."),
        ("data = 3", "text, got 3."),
        ("data = true", "text, got True."),
        ("examples = 1", "true or false, got 1."),
        ('examples = "no"', "true or false, got 'no'."),
        ("schedule = 1", "text, got 1."),
        ("seed = 2026-01-01", "a whole number, got 2026-01-01."),
        ("seed = 2026-01-01T10:00:00", "a whole number, got 2026-01-01T10:00:00."),
        ("beta = 10:00:00", "a number, got 10:00:00."),
    ],
)
def test_wrong_types(config, line, expected):
    """A wrong type is an error that names the file, the key, the expected type and the value."""
    path = config(line)
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: `{line.split()[0]}` must be {expected}")
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
        b"\xff\x00",
        b"\x00",
        b"epochs = 1 # caf\xe9",
        "x = " + "[" * 20_000,
        "seed = " + "9" * 5000,
        b"\x89PNG\r\n",
    ],
    ids=["no value", "half", "twice", "bytes", "zero", "Latin-1", "deep", "5,000 digits", "PNG"],
)
def test_not_toml(config, text):
    """Whatever the bytes, the error names the file and says that it is not what was expected."""
    path = config(text)
    with pytest.raises(ConfigError, match=r"is not TOML|must be (TOML|UTF-8)") as caught:
        read_config(path)
    assert str(path) in str(caught.value)


def test_what_is_in_place_of_toml(config):
    """A picture, a web page or a Git LFS pointer under the name of a TOML file is called what it is."""
    for content, kind in (
        (b"\x89PNG\r\n\x1a\n" + bytes(30), "a PNG picture"),
        (b"<!DOCTYPE html><html></html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a Git LFS pointer"),
    ):
        with pytest.raises(ConfigError, match=rf"config\.toml must be TOML, got {kind}"):
            read_config(config(content))


def test_a_file_without_an_end(tmp_path):
    """A file of more than 1 MiB, and a device that never ends, are refused without reading them all."""
    (tmp_path / "large.toml").write_bytes(b"# comment\n" * 200_000)
    endless = [pathlib.Path("/dev/zero")] if pathlib.Path("/dev/zero").exists() else []
    for path in (tmp_path / "large.toml", *endless):
        with pytest.raises(ConfigError, match=r"must have at most 1,048,576 bytes"):
            read_config(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_byte_order_mark_is_skipped(config, encoding):
    """UTF-8 is read with and without the mark that Notepad writes."""
    assert read_config(config('epochs = 3 # é\ndata = "é"'.encode(encoding))) == {"epochs": 3, "data": "é"}


@pytest.mark.parametrize(
    "content",
    [*("epochs = 3\n".encode(encoding) for encoding in ("utf-16", "utf-16-le", "utf-16-be")), b"\xff\xfe"],
    ids=["with a mark", "little-endian", "big-endian", "a mark alone"],
)
def test_utf16_is_named(config, content):
    """UTF-16, with or without a mark, is called that, and the hint says how to save as UTF-8."""
    with pytest.raises(ConfigError, match=r"must be UTF-8, got UTF-16\..*Notepad.*PowerShell"):
        read_config(config(content))


def test_missing_and_folder(tmp_path):
    """A path that cannot be read is named with the system's reason."""
    with pytest.raises(ConfigError, match=r"Cannot use the path .*: File name too long"):
        read_config(tmp_path / ("a" * 300))
    for path in (tmp_path / "missing.toml", tmp_path):
        with pytest.raises(ConfigError, match=re.escape(f"Cannot read the configuration {path}")):
            read_config(path)


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("beta = nan", "--beta"),
        ("learning_rate = inf", "--learning-rate"),
        ("learning_rate = 1e999", "--learning-rate"),
        ("beta = 1" + "0" * 400, "--beta"),
    ],
    ids=str,
)
def test_toml_has_nan_and_infinity(config, line, option):
    """They pass as numbers and are refused by their range."""
    with pytest.raises(OptionError, match=f"^{option} must be .* finite, got "):
        merge(read_config(config(line)))


@pytest.mark.parametrize(
    ("text", "count"), [("all", None), ("1", 1), ("16", 16), ("007", 7), ("1000000", 1_000_000)]
)
def test_devices(text, count):
    """`all`, or a number of at least 1."""
    assert device_count(text) == count


@pytest.mark.parametrize(
    "text",
    ["0", "000", "-1", "+1", "1.0", "", "ALL", "two", "²", "٣", "1_0", " 1", "1000001", "9" * 5000],
    ids=lambda text: text[:9],
)
def test_other_devices_are_refused(text):
    """Also what only looks like a number, and one of 5,000 digits; the message is short."""
    with pytest.raises(OptionError, match=r"^--devices must be `all` or a number from 1 to ") as caught:
        device_count(text)
    assert caught.value.option == "--devices"
    assert len(str(caught.value)) < 200


def test_a_size_may_be_a_number(tmp_path):
    """A side alone, in Python and in a TOML file, is the text of the command line."""
    (tmp_path / "a.toml").write_text("image_size = 32\n")
    assert TrainOptions(image_size=32) == merge(read_config(tmp_path / "a.toml"))
    assert TrainOptions(image_size=32).image_size == "32"

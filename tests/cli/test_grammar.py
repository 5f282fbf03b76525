"""One grammar for all commands: the model, empty texts, help, completion, JSON."""

import itertools
import json
import pathlib
import re
import shutil

import pytest
import typer.main

import vaecli.cli
from vaecli.cli.command import NAMED
from vaecli.cli.main import COMMANDS, application
from vaecli.training.networks.table import NETWORKS

ALL = [*COMMANDS, "data fetch", "data info", "data clear", "features train"]
MODEL_ALONE = {"info": [], "verify": [], "bench": ["--seconds", "0.001", "--quiet"]}


def parsed(name):
    """The command as typer has parsed it."""
    command = typer.main.get_command(application())
    for word in name.split():
        command = command.commands[word]
    return command


@pytest.mark.parametrize("name", MODEL_ALONE)
def test_the_model_is_an_argument_or_an_option(call, model_folder, name):
    """`vaecli info MODEL` and `vaecli info -m MODEL` are one, and may even be given together."""
    for words in (
        [model_folder],
        ["-m", model_folder],
        ["--model", model_folder],
        [model_folder, "-m", model_folder],
    ):
        code, stdout, stderr = call(name, *words, *MODEL_ALONE[name])
        assert (code, stderr) == (0, ""), words
        assert "decoder.onnx" in stdout


@pytest.mark.parametrize("name", ALL)
def test_paragraphs_of_the_help_fill_their_lines(call, monkeypatch, name):
    """A line of prose ends only where the next word would not fit into 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    code, stdout, _ = call(*name.split(), "--help")
    assert code == 0
    prose = [line.strip() for line in stdout.partition("╭")[0].splitlines()]
    for line, following in itertools.pairwise(prose):
        if line and following:
            assert len(f" {line} {following.split()[0]} ") > 80, line


@pytest.mark.parametrize("name", ALL)
def test_the_help_names_all_choices_and_breaks_none(call, monkeypatch, name):
    """In 80 columns each choice of an option stands as a word, in the column of its type or in its help."""
    monkeypatch.setenv("COLUMNS", "80")
    code, stdout, _ = call(*name.split(), "--help")
    assert code == 0
    words = set(re.split(r"[^\w-]+|\.\s", stdout))
    choices = {str(choice) for each in parsed(name).params for choice in getattr(each.type, "choices", ())}
    assert choices <= words


@pytest.mark.parametrize("name", MODEL_ALONE)
def test_two_models_are_a_usage_error(call, model_folder, small_folder, name):
    """Which of two different models was meant is not guessed."""
    code, stdout, stderr = call(name, model_folder, "-m", small_folder)
    assert (code, stdout) == (2, "")
    assert "--model must be left out after a model" in re.sub(r"[\s│]+", " ", stderr)


def options_that_name_something():
    for name in ALL:
        for parameter in parsed(name).params:
            if parameter.name in NAMED:
                yield name, parameter.opts[-1] if parameter.param_type_name == "option" else ""


@pytest.mark.parametrize(("name", "option"), [*options_that_name_something()])
@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_text_names_nothing(call, here, name, option, text):
    """`-o "$OUT"` with OUT unset: exit code 2, an error that names the option, and no file."""
    pictures = ["test:0"] if name == "interpolate" else []
    code, stdout, stderr = call(*name.split(), *pictures, *([option] if option else []), text)
    message = re.sub(r"[\s│]+", " ", stderr)
    assert (code, stdout) == (2, "")
    assert "must name" in message and f"got {re.sub(' +', ' ', repr(text))}" in message
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("words", [["--out="], ["--out= "], ["-qo", ""]])
def test_other_spellings_of_an_empty_text(call, here, model_folder, words):
    """Joined with the option's name, and after several short options in one word."""
    code, _, stderr = call("sample", "-m", model_folder, *words)
    assert code == 2 and "--out must name a file or a folder" in stderr.replace("-o must", "--out must")
    assert list(here.iterdir()) == []


@pytest.mark.parametrize("name", MODEL_ALONE)
def test_an_empty_model_after_a_flag(call, here, model_folder, name):
    """`vaecli info --json "$MODEL"` with MODEL unset does not take the current folder for the model."""
    shutil.copytree(model_folder, here, dirs_exist_ok=True)
    code, stdout, stderr = call(name, "--json", "")
    assert (code, stdout) == (2, "")
    assert "MODEL must name" in stderr


def test_every_option_for_a_path_or_a_name_refuses_empty_texts():
    """No parameter that takes a path or a free text is missing in the table; the others check their own words."""
    checked_by_themselves = {
        *(
            "metrics",
            "max_time",
            "devices",
            "image_size",
            "augment",
            "value_range",
            "dims",
            "shard",
            "amounts",
        )
    }
    for name in ALL:
        for parameter in parsed(name).params:
            kind = parameter.type.name
            if kind in ("text", "str", "path", "filename"):  # "str" in newer versions of typer
                assert parameter.name in NAMED.keys() | checked_by_themselves, f"{name}: {parameter.name}"


@pytest.mark.parametrize("name", ["", *ALL])
def test_help(call, name):
    """`--help` fits 80 columns, exits with 0, has no colour without a terminal, and leaves stderr empty."""
    for flag in ("--help", "-h"):
        code, stdout, stderr = call(*name.split(), flag)
        assert (code, stderr) == (0, "")
        assert re.search(rf"Usage: .*vaecli {name}".strip(), stdout)
        assert max(map(len, stdout.splitlines())) <= 80
        assert "\x1b" not in stdout


@pytest.mark.parametrize("name", ALL)
def test_every_command_has_a_purpose_and_examples(name):
    """One sentence in the first line; two to four examples, each of which parses."""
    purpose, *rest = parsed(name).help.split("\n\n")
    assert purpose.endswith(".") and "\n" not in purpose
    examples = [re.fullmatch(r"\[dim\](vaecli .*)\[/dim\]", paragraph.strip()) for paragraph in rest]
    examples = [match.group(1).split() for match in examples if match]
    assert 2 <= len(examples) <= 4
    for example in examples:
        assert " ".join(example[1:]).startswith(name.split()[0])
        words = 2 if " ".join(example[1:3]) in ALL else 1
        parsed(" ".join(example[1 : 1 + words])).make_context("vaecli", example[1 + words :])


@pytest.mark.parametrize("name", ALL)
def test_every_help_line_is_a_sentence(name):
    """Each option and argument has a line that begins with a capital or a number and ends with a full stop."""
    for parameter in parsed(name).params:
        text = parameter.help
        assert text and text.endswith("."), parameter.name
        assert text[0].isupper() or text[0].isdigit(), parameter.name
        assert len(text.split()) >= 2, parameter.name


def test_the_help_names_the_learning_rate_of_each_network(call):
    """The rates that are used where --learning-rate is left out."""
    text = " ".join(call("train", "--help")[1].replace("│", " ").split())
    assert ", ".join(f"{name} {module.LEARNING_RATE:g}" for name, module in NETWORKS.items()) in text


def test_the_help_calls_grey_bernoulli_a_cross_entropy(call):
    """The likelihood by default is none on grey pixels, and the option says so."""
    text = " ".join(call("train", "--help")[1].replace("│", " ").split())
    assert "bernoulli is cross-entropy on grey pixels" in text


def test_help_lists_every_command(call):
    """`vaecli --help`, whatever comes after it; a command of its own name keeps the others from loading."""
    assert [command.name for command in application("sample").registered_commands] == ["sample"]
    for words in (["--help"], ["-h", "sample"], ["--help", "data"]):
        stdout = call(*words)[1]
        assert all(re.search(rf"\b{name} +\w", stdout) for name in COMMANDS)


def test_a_typing_error(call):
    """The command that was meant is named."""
    code, stdout, stderr = call("smaple", "-n", "3")
    assert (code, stdout) == (2, "")
    assert "Did you mean 'sample'?" in stderr


def test_no_arguments(call):
    """`vaecli` alone shows its help, and exits as a usage error does."""
    code, stdout, stderr = call()
    assert code == 2
    assert "Start with: vaecli train" in stdout + stderr


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("info", []),
        ("verify", []),
        ("bench", ["--seconds", "0.001", "--against", "--quiet"]),
        ("eval", ["--importance-samples", "2", "--data", "fashion-mnist-mini", "--quiet"]),
    ],
)
def test_json_fits_its_schema(call, model_folder, check_schema, name, words):
    """One object on one line that names its schema first."""
    code, stdout, stderr = call(name, "-m", model_folder, *words, "--json")
    assert (code, stderr, stdout.count("\n")) == (0, "", 1)
    assert stdout.startswith(f'{{"schema": "vaecli.{name}/1", ')
    check_schema(name, json.loads(stdout, parse_constant=pytest.fail))


def test_json_of_reduced_precisions_fits_its_schema(call, small_folder, check_schema):
    """Also for a model with int8 and fp16 files."""
    for name, words in (("info", []), ("verify", []), ("bench", ["--seconds", "0.001", "--quiet"])):
        code, stdout, _ = call(name, small_folder, *words, "--json")
        assert code == 0
        check_schema(name, json.loads(stdout))


def test_json_of_the_data_sets_fits_its_schema(call, check_schema):
    """`vaecli data --json` lists all of them."""
    code, stdout, _ = call("data", "--json")
    assert code == 0
    check_schema("data", json.loads(stdout))


def test_json_of_a_data_set_fits_its_schema(call, check_schema):
    """`vaecli data info --json` describes one."""
    code, stdout, _ = call("data", "info", "fashion-mnist-mini", "--json")
    assert code == 0
    check_schema("data-info", json.loads(stdout))


def test_every_command_with_json_has_a_schema(check_schema):
    """And each schema belongs to a command."""
    schemas = pathlib.Path(vaecli.cli.__path__[0]) / "schemas"
    names = {
        name.replace(" ", "-")
        for name in ALL
        if any("--json" in parameter.opts for parameter in parsed(name).params)
    }
    others = {
        "picture",
        "train-dry-run",
        "eval-samples",
    }  # `info PICTURE`, `train --dry-run`, `eval --samples`
    assert names | others == {path.stem for path in schemas.glob("*.json")}
    for name in names:
        check_schema(name)

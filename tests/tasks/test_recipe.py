"""Recipes: round trip, names without paths, commands that are built and never taken from a file."""

import dataclasses
import json

import pytest

from vaecli.data.photo.photo_options import PhotoOptions
from vaecli.errors import DataError
from vaecli.pictures.embedded import MAX_RECIPE
from vaecli.tasks.photo_words import photo_words
from vaecli.tasks.recipe import MAX_NAME, Recipe, plain_name
from vaecli.tasks.recipe_text import MAX_SOURCES, parse

COMMON = {"model_id": "ab12", "model": "shoes", "precision": "float32", "version": "0.1"}
SAMPLE = Recipe(
    kind="sample", form="sheet", seed=7, first=3, count=9, temperature=0.1, prior="normal", **COMMON
)
PATH = Recipe(
    kind="interpolate",
    form="gif",
    sources=("test:1", "val:2"),
    steps=5,
    path="even",
    scale=8,
    smooth=True,
    **COMMON,
)
TRAVERSAL = Recipe(
    kind="traverse", form="gif", sources=("test:1",), steps=9, dims=(4, 0), all_dims=True, **COMMON
)
EDIT = Recipe(
    kind="edit",
    form="sheet",
    sources=("val:2",),
    toward="Ankle boot",
    start="Bag",
    amounts="-1:1:5",
    **COMMON,
)
SEARCH = Recipe(kind="similar", form="sheet", sources=("test:3",), among="mnist", count=4, **COMMON)
NARROWED = dataclasses.replace(SEARCH, split="train", metric="scaled")


@pytest.mark.parametrize(
    "recipe", [SAMPLE, PATH, TRAVERSAL, EDIT, SEARCH, NARROWED], ids=lambda recipe: recipe.kind
)
def test_round_trip(recipe):
    """A text gives its recipe back, and says the same each time."""
    assert parse(recipe.to_text(), "a.png") == recipe
    assert recipe.to_text() == recipe.to_text()
    assert recipe.to_text().isascii()


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": ("x" * 241,)},
        {"toward": "x" * 241},
        {"labels": ("\x1b[2J",)},
        {"labels": ("\N{T-SHIRT}" * 40,) * 100},
    ],
    ids=["label", "toward", "control", "size"],
)
def test_names_that_a_reader_refuses(changes):
    """There is no recipe of them, rather than one that is refused when it is read."""
    assert dataclasses.replace(SAMPLE, **changes).to_text() == ""


def test_the_longest_names():
    """A name of 240 characters in a label is read again."""
    recipe = dataclasses.replace(SAMPLE, labels=("x" * 240,))
    assert parse(recipe.to_text(), "a.png") == recipe


@pytest.mark.parametrize("amounts", ["1", " 0.5", "1E0", "-1:1:5", "0:1: 3 ", "+.5:1_0:2"])
def test_all_amounts_of_the_option_are_read(amounts):
    """A recipe has the text as it was typed."""
    recipe = dataclasses.replace(EDIT, amounts=amounts)
    assert parse(recipe.to_text(), "a.png") == recipe


def test_commands():
    """Each option that is not the default is there, quoted for the shell."""
    expected = (
        "vaecli sample -m 'my model' -n 9 --seed 7 --first 3 --prior normal --temperature 0.1 -o samples.png"
    )
    assert SAMPLE.command("my model") == expected
    expected = (
        "vaecli interpolate -m M test:1 val:2 --steps 5 --path even --scale 8 --smooth -o interpolation.gif"
    )
    assert PATH.command("M") == expected
    assert TRAVERSAL.command("M") == "vaecli traverse -m M test:1 --steps 9 --dims 4,0 --all -o traversal.gif"
    expected = "vaecli edit -m M val:2 --toward 'Ankle boot' --amount=-1:1:5 --from Bag -o edit.png"
    assert EDIT.command("M") == expected
    assert SEARCH.command("M") == "vaecli similar -m M test:3 --among mnist -n 4 -o similar.png"
    expected = "vaecli similar -m M test:3 --among mnist -n 4 --split train --metric scaled -o similar.png"
    assert NARROWED.command("M") == expected


def test_the_options_of_the_preparation_are_kept():
    """Those that are not the default, and the command has them; of a range the numbers."""
    options = PhotoOptions(
        prepare="digits", polarity="keep", trim=False, cutout="off", value_range=(0.0, 4095.5)
    )
    recipe = Recipe(**vars(PATH) | {"photo": photo_words(options)})
    assert parse(recipe.to_text(), "a.png") == recipe
    words = "--prepare digits --polarity keep --no-trim --cutout off --range 0.0:4095.5"
    assert words in recipe.command("M")
    assert photo_words(PhotoOptions()) == {}
    assert photo_words(PhotoOptions(value_range="full")) == {"range": "full"}


@pytest.mark.parametrize("changes", [{"sources": ("a.png", "test:1")}, {"data": "shoes/"}])
def test_no_command_for_pictures_of_which_only_names_are_known(changes):
    """Files of the user, and data sets that are folders."""
    assert Recipe(**vars(PATH) | changes).command() is None


def test_no_command_for_folders_of_which_only_names_are_known():
    """A direction from a folder or a file, and a search among a folder."""
    assert Recipe(**vars(EDIT) | {"toward": ""}).command() is None
    assert Recipe(**vars(SEARCH) | {"among": "shoes"}).command() is None


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("/home/me/a.png", "a.png"),
        ("C:\\pictures\\a.png", "a.png"),
        ("a\x1b[31m.png", "a?[31m.png"),
        ("folder/", "folder"),
        ("\udcff.png", "?.png"),
        ("ü.png", "ü.png"),
    ],
)
def test_names_have_no_folders_and_no_controls(name, plain):
    """Only the last part of a path remains."""
    assert plain_name(name) == plain


def test_the_largest_recipe_is_within_the_limit():
    """Twenty long names of characters that JSON escapes fit in what is read."""
    sources = tuple(plain_name("\U0001f45f" * 255) for _ in range(MAX_SOURCES))
    assert all(len(name) <= MAX_NAME for name in sources)
    assert len(Recipe(**vars(PATH) | {"sources": sources}).to_text()) < MAX_RECIPE - 8


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "rm -rf"},
        {"kind": ["sample"]},
        {"seed": -1},
        {"seed": True},
        {"seed": 1.5},
        {"seed": "1; reboot"},
        {"count": 0},
        {"count": 10**30},
        {"temperature": "hot"},
        {"temperature": -1},
        {"temperature": 10**400},
        {"model": "a\x1b]0;title\x07"},
        {"model_id": "a\nb"},
        {"model_id": 3},
        {"model": "x" * 1000},
        {"precision": "--out"},
        {"form": "exe"},
        {"smooth": 1},
        {"scale": 0},
        {"sources": "test:0"},
        {"sources": ["a"] * 21},
        {"sources": [{}]},
        {"dims": [1]},
        {"dims": [0, -1]},
        {"dims": ["0", "1"]},
        {"all_dims": 1},
        {"amounts": "0:1; rm"},
        {"amounts": "0:1:100000000"},
        {"amounts": "nan"},
        {"amounts": "1:"},
        {"toward": "a\nb"},
        {"among": 3},
        {"split": "all"},
        {"split": ["train"]},
        {"metric": "--out"},
        {"prepare": "--out"},
        {"polarity": ["keep"]},
        {"trim": False},
        {"range": "0:1; reboot"},
        {"range": 1},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_forged_fields_are_refused(changes):
    """Each is an error of data that repeats no control character and no long text."""
    with pytest.raises(DataError, match=r"The recipe in a\.png must ") as caught:
        parse(json.dumps(json.loads(SAMPLE.to_text()) | changes), "a.png")
    assert str(caught.value).isprintable() and len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '"a"', "[" * 60_000, '{"kind":"sample"}', '{"kind":"sample","temperature":NaN}'],
)
def test_texts_that_are_no_recipes(text):
    """Other JSON, JSON that nests too deeply, missing fields and NaN are errors of data."""
    with pytest.raises(DataError, match=r"The recipe in a\.png must "):
        parse(text, "a.png")


def test_a_forged_command_is_never_repeated():
    """The command is built from the fields."""
    text = json.dumps(json.loads(SAMPLE.to_text()) | {"command": "rm -rf ~", "more": [1]})
    assert parse(text, "a.png") == SAMPLE and "rm -rf" not in str(parse(text, "a.png").command())


def test_a_source_that_looks_like_an_option_makes_no_command():
    """Only references to pictures of a data set are put into a command."""
    fields = json.loads(PATH.to_text()) | {"sources": ["--out=/etc/x", "test:0"]}
    assert parse(json.dumps(fields), "a.png").command() is None


def test_the_word_after_m_is_never_taken_from_a_file():
    """The command in the text names the bundled model if it is that one; a reader's command does not repeat it."""
    text = dataclasses.replace(SAMPLE, model_word="fashion-mnist").to_text()
    assert json.loads(text)["command"].startswith("vaecli sample -m fashion-mnist ")
    assert "model_word" not in json.loads(text)
    forged = json.dumps(json.loads(text) | {"model_word": "; rm -rf ~"})
    assert parse(forged, "a.png") == SAMPLE

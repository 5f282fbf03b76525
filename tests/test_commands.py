"""Commands in messages: a shell splits them into the words that were given."""

import shlex

import pytest

from vaecli.commands import command


@pytest.mark.parametrize(
    "word", ["runs/first", "my model", "it's", "$HOME", "a;b", "[v2]", "~", "", "é", "*", "a\nb", '"']
)
def test_a_shell_reads_the_words_back(word):
    """Spaces, quotes, brackets and variables are quoted; nothing else is."""
    assert shlex.split(command("info", "-m", word)) == ["vaecli", "info", "-m", word]


def test_plain_words_are_not_quoted(tmp_path):
    """A command that needs no quotes is shown without them; paths and numbers are words too."""
    assert command("sample", "-n", 3, "-o", tmp_path) == f"vaecli sample -n 3 -o {tmp_path}"

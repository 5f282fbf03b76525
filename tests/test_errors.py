"""The exception family: the tree in its docstring, its messages, its pickles."""

import copy
import inspect
import pickle
import re

import pytest

from vaecli import errors
from vaecli.errors import MissingExtraError, OptionError, VaecliError

FAMILY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
EXAMPLES = [
    VaecliError("what", hint="do"),
    OptionError("what", option="--beta", hint="do"),
    MissingExtraError("Training needs TensorFlow"),
]


def documented_tree():
    """Parse the tree of the docstring: name -> (parent, exit code)."""
    tree, latest = {}, {}  # `latest`: the class read last at each depth
    for line in errors.__doc__.splitlines():
        if match := re.match(r"([ │├└─]*)(\w+Error)\s+(\d)\s", line):
            branch, name, exit_code = match.groups()
            parents = [latest[depth] for depth in sorted(latest) if depth < len(branch)]
            latest[len(branch)] = name
            tree[name] = (parents[-1] if parents else "Exception", int(exit_code))
    return tree


def test_the_docstring_draws_the_tree():
    """The docstring has every error of the module, and no other, below its parent and with its exit code."""
    assert {kind.__name__: (kind.__base__.__name__, kind.exit_code) for kind in FAMILY} == documented_tree()


def test_message_and_hint_make_one_line():
    """`str` gives the message, then the hint, without a space at the end where there is none."""
    assert str(VaecliError("It broke.", hint="Mend it.")) == "It broke. Mend it."
    assert str(VaecliError("It broke.")) == "It broke."


def test_missing_extra_names_the_install_command():
    """The message ends in the command to type, with its brackets."""
    assert str(MissingExtraError("Training needs TensorFlow")).endswith(': pip install "vaecli[train]"')
    assert str(MissingExtraError("It needs CUDA", extra="gpu")).endswith(': pip install "vaecli[gpu]"')


@pytest.mark.parametrize("carry", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_a_process_pool(error, carry):
    """A copy and a pickle keep text and attributes: an error of a worker process reaches its parent."""
    carried = carry(error)
    assert type(carried) is type(error)
    assert str(carried) == str(error)
    assert vars(carried) == vars(error)

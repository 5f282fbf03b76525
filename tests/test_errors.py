"""The exception family: what its docstring promises of it."""

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


def drawn():
    """The tree of the docstring: name -> (parent, exit code)."""
    tree, above = {}, {}
    for line in errors.__doc__.splitlines():
        if found := re.match(r"([ │├└─]*)(\w+Error)\s+(\d)\s", line):
            depth = len(found[1])
            above[depth] = found[2]
            parents = [above[other] for other in sorted(above) if other < depth]
            tree[found[2]] = (parents[-1] if parents else "Exception", int(found[3]))
    return tree


def test_the_docstring_draws_the_tree():
    """Every error of the module is in the drawing, below its parent and with its exit code, and no other."""
    assert {kind.__name__: (kind.__base__.__name__, kind.exit_code) for kind in FAMILY} == drawn()


def test_message_and_hint_make_one_line():
    """`str` gives the message, then the hint, without a stray space where there is none."""
    assert str(VaecliError("It broke.", hint="Mend it.")) == "It broke. Mend it."
    assert str(VaecliError("It broke.")) == "It broke."


def test_missing_extra_names_the_install_command():
    """The message ends in the command to type, its brackets whole."""
    assert str(MissingExtraError("Training needs TensorFlow")).endswith(': pip install "vaecli[train]"')
    assert str(MissingExtraError("It needs CUDA", extra="gpu")).endswith(': pip install "vaecli[gpu]"')


@pytest.mark.parametrize("carry", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_errors_survive_a_process_pool(error, carry):
    """A copy and a pickle say the same and keep every attribute: a worker's error reaches its parent."""
    carried = carry(error)
    assert type(carried) is type(error)
    assert str(carried) == str(error)
    assert vars(carried) == vars(error)

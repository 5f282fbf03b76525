"""`vaecli data`: the data sets known by name, how to get one, and whether a test set is on this machine."""

from vaecli.data.load import load
from vaecli.data.named.search import DatasetState, obtain, states
from vaecli.errors import VaecliError

__all__ = ["DatasetState", "has_test_set", "obtain", "states"]


def has_test_set(data: str) -> bool:
    """Return whether the test set of a data set, a name or a folder, can be read without a download."""
    try:
        load(data, "test", download=False)
    except VaecliError:
        return False
    return True

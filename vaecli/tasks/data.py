"""`vaecli data`: the data sets known by name, what is on this machine, and the cache of users' pictures."""

from vaecli.data.collection.store import CacheState, Cleared, clear
from vaecli.data.collection.store import states as caches
from vaecli.data.load import load
from vaecli.data.named.search import DatasetState, obtain, states
from vaecli.errors import VaecliError

__all__ = ["CacheState", "Cleared", "DatasetState", "caches", "clear", "has_test_set", "obtain", "states"]


def has_test_set(data: str) -> bool:
    """Return whether the test set of a data set, a name or a folder, can be read without a download."""
    try:
        load(data, "test", download=False)
    except VaecliError:
        return False
    return True

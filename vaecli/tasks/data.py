"""`vaecli data`: the data sets known by name, how to get one, and the cache of users' pictures."""

from vaecli.data.collection.store import CacheState, Cleared, clear
from vaecli.data.collection.store import states as caches
from vaecli.data.named.search import DatasetState, obtain, states

__all__ = ["CacheState", "Cleared", "DatasetState", "caches", "clear", "obtain", "states"]

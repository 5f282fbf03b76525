"""`vaecli data`: the data sets known by name, and how to get one."""

from vaecli.data.load import DatasetState, obtain, states

__all__ = ["DatasetState", "obtain", "states"]

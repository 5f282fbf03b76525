"""The interface of a file that a session runs: a part of a model, or a classifier."""

import pathlib
from typing import Protocol

from vaecli.modelfile.cost.measure import Cost
from vaecli.modelfile.graph import Graph


class DescribedGraph(Protocol):
    """The description of a graph, as far as a session needs it."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Names of the graph's inputs."""


class GraphFile(Protocol):
    """A file that was read and checked."""

    @property
    def path(self) -> pathlib.Path:
        """Path for messages."""

    @property
    def content(self) -> bytes:
        """Bytes of the file."""

    @property
    def info(self) -> DescribedGraph:
        """Description of the graph."""

    @property
    def graph(self) -> Graph:
        """Operators, constants, inputs and outputs."""

    @property
    def cost(self) -> Cost:
        """Memory and multiplications per image."""

"""An onnxruntime session over one file: one thread inside, batches split into chunks over a pool of threads.

onnxruntime's own threads gain little here: ConvTranspose runs image by image. A batch cut into chunks that
stay in the cache, one a thread, is about 1.7 times as fast on two cores (DESIGN, decoding).
"""

import functools
import math
import queue
import re
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

from vaecli import processors
from vaecli.errors import ModelError
from vaecli.modelfile import versions
from vaecli.modelfile.cost.measure import MAX_ELEMENTS
from vaecli.modelfile.read import ModelFile
from vaecli.runtime import one_image
from vaecli.runtime.one_image import Single

CHUNK = 32  # images a call: large enough for its matrix products, small enough for the cache
SMALLEST = 4  # images that are worth a thread of their own, which costs some 30 us to wake
CHUNK_ELEMENTS = 2**26  # held in a call, 256 MiB of float32: large images come in smaller chunks
MOST_CALLS = 256  # at a time


UPGRADE = "pip install --upgrade onnxruntime"
_BUILD_PATHS = re.compile(r"\S*[/\\]\S+\.(?:cc|h|cpp|hpp):\d+ ?")  # /onnxruntime_src/.../bfc_arena.cc:376


class Session:
    """Runs one exported graph on batches of any size. Threads may share it.

    Raises:
        ModelError: onnxruntime does not take the file, or cannot run it.
    """

    def __init__(self, file: ModelFile, input_name: str, *, thread_count: int | None = None) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 4  # what goes wrong is raised, not printed
        try:
            self._session = onnxruntime.InferenceSession(
                file.content,
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=0,  # it prints on stdout and tries the same again
            )
        except Exception as error:  # onnxruntime's errors share no base class of their own
            raise _not_taken(file, error) from error
        self.output_names = [output.name for output in self._session.get_outputs()]
        inputs = [entry.name for entry in self._session.get_inputs()]
        if inputs != [input_name]:
            raise ModelError(
                f"{file.path} takes {inputs}; {input_name!r} was expected.", hint="Export it again."
            )
        self._input_name, self._path = input_name, file.path
        self._shapes = {
            name: tuple(size or 0 for size in shape[1:])
            for name, shape in {**file.graph.inputs, **file.graph.outputs}.items()
        }
        self.thread_count = thread_count or processors.available()
        held = max(1, file.cost.elements)
        self._chunk = max(1, min(CHUNK, min(CHUNK_ELEMENTS, MAX_ELEMENTS // self.thread_count) // held))
        self._alone = self._chunk if self.thread_count == 1 else min(self._chunk, 2 * SMALLEST - 1)
        # 2 GiB in all the calls at a time, whoever makes them: of the largest images, one. A queue is quicker to
        # ask than a semaphore, which is written in Python: one image takes 30 us.
        self._room: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(min(MOST_CALLS, max(1, MAX_ELEMENTS // (self._chunk * held)))):
            self._room.put(None)
        self._pool: ThreadPoolExecutor | None = None
        small = sum(map(math.prod, self._shapes.values())) <= one_image.LARGEST
        self._one_image = (1, *self._shapes[input_name]) if small else None
        self._of_thread = _OfThread()

    def run(self, batch: np.ndarray, names: Sequence[str] = ()) -> Mapping[str, np.ndarray]:
        """Outputs for a batch (N, ...) float32, by name, each (N, ...) float32: those of `names`, or all."""
        if batch.shape == self._one_image and batch.dtype == np.float32:
            return self._run_single(tuple(names), batch)
        wanted = list(names or self.output_names)
        count = len(batch)
        if 0 < count <= self._alone:
            return dict(zip(wanted, self._run_chunk(wanted, batch), strict=True))
        if count == 0:
            return {name: np.zeros((0, *self._shapes[name]), np.float32) for name in wanted}
        run_chunk = functools.partial(self._run_chunk, wanted)
        chunk = self._chunk
        if self.thread_count == 1:
            return _join(wanted, [run_chunk(batch[i : i + chunk]) for i in range(0, count, chunk)])
        # equal chunks, a multiple of the threads, so that none waits for the last one
        rounds = -(-count // (chunk * self.thread_count))
        pieces = min(rounds * self.thread_count, max(count // SMALLEST, -(-count // chunk)))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.thread_count, thread_name_prefix="vaecli")
        chunks = np.array_split(batch, pieces)
        return _join(wanted, list(self._pool.map(run_chunk, chunks)))

    def _run_single(self, names: tuple[str, ...], batch: np.ndarray) -> Mapping[str, np.ndarray]:
        self._room.get()
        try:
            own = self._of_thread.singles
            if names not in own:
                outputs = {name: self._shapes[name] for name in names or self.output_names}
                own[names] = Single(self._session, self._input_name, self._shapes[self._input_name], outputs)
            return own[names].run(batch)
        except Exception as error:
            raise cannot_run(self._path, error) from error
        finally:
            self._room.put(None)

    def _run_chunk(self, names: list[str], chunk: np.ndarray) -> list[np.ndarray]:
        self._room.get()
        try:
            outputs: list[np.ndarray] = self._session.run(names, {self._input_name: chunk})
        except Exception as error:
            raise cannot_run(self._path, error) from error
        finally:
            self._room.put(None)
        return outputs


class _OfThread(threading.local):
    """What each thread has for itself: by the outputs that are wanted."""

    def __init__(self) -> None:
        self.singles: dict[tuple[str, ...], Single] = {}


def _join(names: list[str], parts: list[list[np.ndarray]]) -> dict[str, np.ndarray]:
    joined = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    return dict(zip(names, joined, strict=True))


def _not_taken(file: ModelFile, error: Exception) -> ModelError:
    here, opset = onnxruntime.__version__, file.graph.opsets.get("", 0)
    needed = versions.needed(opset)
    if needed and versions.is_older(here, needed):
        return ModelError(
            f"{file.path} needs onnxruntime {needed} or later for its operators (opset {opset}); this is {here}.",
            hint=f'pip install --upgrade "onnxruntime>={needed}"',
        )
    return ModelError(
        f"onnxruntime {here} does not take {file.path}: {_reason(error)}",
        hint=f"Export it again, or try another version of onnxruntime: {UPGRADE}",
    )


def cannot_run(what: object, error: Exception) -> ModelError:
    """The error for what onnxruntime opened and fails to run."""
    return ModelError(
        f"onnxruntime {onnxruntime.__version__} cannot run {what}: {_reason(error)}",
        hint=f"Close what else takes memory, or try another version of onnxruntime: {UPGRADE}",
    )


def _reason(error: Exception) -> str:
    """What onnxruntime says, in one line, without the paths of the machine that it was built on."""
    return _BUILD_PATHS.sub("", " ".join(str(error).split())).strip()

"""An onnxruntime session over one file: one thread inside, batches split into chunks over a pool of threads.

onnxruntime's own threads gain little here, because ConvTranspose runs image by image. One thread per chunk, with
chunks that fit in the cache, was measured about 1.7 times as fast on two cores.
"""

import functools
import math
import queue
import re
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnxruntime

from vaecli.errors import ModelError
from vaecli.modelfile import versions
from vaecli.modelfile.cost.measure import MAX_ELEMENTS
from vaecli.processors import available
from vaecli.runtime import forks, one_image
from vaecli.runtime.graph_file import GraphFile
from vaecli.runtime.one_image import BoundImage

CHUNK = 32  # images per call: enough for efficient matrix products, few enough for the cache
SMALLEST = 4  # images per thread at least: waking another thread costs about 30 us
CHUNK_ELEMENTS = 2**26  # held in a call, 256 MiB of float32: large images are run in smaller chunks
MAX_CALLS = 256  # at a time

UPGRADE = "pip install --upgrade onnxruntime"
_BUILD_PATHS = re.compile(r"\S*[/\\]\S+\.(?:cc|h|cpp|hpp):\d+ ?")  # /onnxruntime_src/.../bfc_arena.cc:376

Arrays = Mapping[str, np.ndarray]  # by name


class Session:
    """A session over one exported graph, for batches of any size. Threads and forked processes may share it.

    Args:
        file: checked file; its metadata name the inputs of the graph.
        thread_count: number of threads to use; all that the process may use if left out.

    Raises:
        ModelError: onnxruntime does not accept the file.
    """

    def __init__(self, file: GraphFile, *, thread_count: int | None = None) -> None:
        self._file = file
        self.thread_count = thread_count or available()
        self.input_names = file.info.inputs
        self.output_names = list(file.graph.outputs)
        self._shapes = {
            name: tuple(size or 0 for size in shape[1:])
            for name, shape in {**file.graph.inputs, **file.graph.outputs}.items()
        }
        held = max(1, file.cost.elements)
        self._chunk = max(1, min(CHUNK, min(CHUNK_ELEMENTS, MAX_ELEMENTS // self.thread_count) // held))
        self._alone = self._chunk if self.thread_count == 1 else min(self._chunk, 2 * SMALLEST - 1)
        self._calls = min(MAX_CALLS, max(1, MAX_ELEMENTS // (self._chunk * held)))
        small = sum(map(math.prod, self._shapes.values())) <= one_image.LARGEST
        self._single_input = self.input_names[0] if small and len(self.input_names) == 1 else None
        self._one_image = (1, *self._shapes[self.input_names[0]]) if small else None
        self._opening = forks.Lock()
        self._start()
        forks.register(self)

    def _start(self) -> None:
        """Open the file in onnxruntime, with new tokens and no pool: at first, and in a process after `forget`."""
        session = _open(self._file)
        # A token per concurrent call, so that all calls together stay below 2 GiB: of the largest images, one.
        # SimpleQueue is in C; threading.Semaphore is not, and one image takes 30 us.
        self._tokens: queue.SimpleQueue[None] = queue.SimpleQueue()
        for _ in range(self._calls):
            self._tokens.put(None)
        self._taken = 0  # of the tokens, by `hold`
        self._pool: ThreadPoolExecutor | None = None
        self._bound = _ByThread()
        # last, because other threads wait until it is set
        self._session: onnxruntime.InferenceSession | None = session

    def hold(self, seconds: float) -> None:
        """Take all tokens, so that no thread is inside onnxruntime; give up after so many seconds."""
        end = time.monotonic() + seconds
        try:
            while self._taken < self._calls:
                self._tokens.get(timeout=max(0.0, end - time.monotonic()))
                self._taken += 1
        except queue.Empty:
            return

    def release(self) -> None:
        """Give back what `hold` took."""
        while self._taken:
            self._taken -= 1
            self._tokens.put(None)

    def forget(self) -> None:
        """Drop the session, which the fork copied in an unknown state; the next call opens the file again."""
        self._session = None

    def run(self, inputs: Arrays, names: Sequence[str] = ()) -> dict[str, np.ndarray]:
        """Compute outputs (N, ...) float32, by name, from named inputs (N, ...) float32.

        Args:
            inputs: all inputs of the graph, by name.
            names: the outputs to compute; all if left out.

        Raises:
            ModelError: onnxruntime fails, most often for lack of memory.
        """
        if self._session is None:
            with self._opening:
                if self._session is None:
                    self._start()
        if self._single_input is not None:
            batch = inputs[self._single_input]
            if batch.shape == self._one_image and batch.dtype == np.float32:
                return self._run_one_image(tuple(names), batch)
        requested = list(names or self.output_names)
        count = len(next(iter(inputs.values())))
        if 0 < count <= self._alone:
            return dict(zip(requested, self._run_chunk(requested, inputs), strict=True))
        if count == 0:
            return {name: np.zeros((0, *self._shapes[name]), np.float32) for name in requested}
        run_chunk = functools.partial(self._run_chunk, requested)
        if self.thread_count == 1:
            return _join(requested, [run_chunk(part) for part in _split(inputs, -(-count // self._chunk))])
        # equal chunks, a multiple of the threads, so that none waits for the last one
        rounds = -(-count // (self._chunk * self.thread_count))
        pieces = min(rounds * self.thread_count, max(count // SMALLEST, -(-count // self._chunk)))
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.thread_count, thread_name_prefix="vaecli")
        return _join(requested, list(self._pool.map(run_chunk, _split(inputs, pieces))))

    def _run_one_image(self, names: tuple[str, ...], batch: np.ndarray) -> dict[str, np.ndarray]:
        self._tokens.get()
        try:
            bound = self._bound.images
            if names not in bound:
                shapes = {name: self._shapes[name] for name in names or self.output_names}
                bound[names] = BoundImage(
                    self._session, self.input_names[0], self._shapes[self.input_names[0]], shapes
                )
            return bound[names].run(batch)
        except Exception as error:
            raise cannot_run(self._file.path, error) from error
        finally:
            self._tokens.put(None)

    def _run_chunk(self, names: list[str], chunk: Arrays) -> list[np.ndarray]:
        self._tokens.get()
        try:
            outputs: list[np.ndarray] = self._session.run(names, dict(chunk))  # type: ignore[union-attr]
        except Exception as error:
            raise cannot_run(self._file.path, error) from error
        finally:
            self._tokens.put(None)
        return outputs


class _ByThread(threading.local):
    """Per-thread `BoundImage` buffers, keyed by the requested output names."""

    def __init__(self) -> None:
        self.images: dict[tuple[str, ...], BoundImage] = {}


def _open(file: GraphFile) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised, not printed
    try:
        return onnxruntime.InferenceSession(
            file.content,
            options,
            providers=["CPUExecutionProvider"],
            enable_fallback=0,  # a fallback prints on stdout and tries the same again
        )
    except Exception as error:  # onnxruntime's errors share no base class of their own
        raise _not_accepted(file, error) from error


def _split(inputs: Arrays, pieces: int) -> list[dict[str, np.ndarray]]:
    """Cut all inputs into the same `pieces` along their first axis."""
    parts = [np.array_split(array, pieces) for array in inputs.values()]
    return [dict(zip(inputs, part, strict=True)) for part in zip(*parts, strict=True)]


def _join(names: list[str], parts: list[list[np.ndarray]]) -> dict[str, np.ndarray]:
    joined = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
    return dict(zip(names, joined, strict=True))


def _not_accepted(file: GraphFile, error: Exception) -> ModelError:
    version, opset = onnxruntime.__version__, file.graph.opsets.get("", 0)
    needed = versions.needed(opset)
    if needed and versions.is_older(version, needed):
        return ModelError(
            f"{file.path} (opset {opset}) needs onnxruntime {needed} or later, got {version}.",
            hint=f'pip install --upgrade "onnxruntime>={needed}"',
        )
    return ModelError(
        f"onnxruntime {version} does not accept {file.path}: {_reason(error)}",
        hint=f"Export it again, or try another version of onnxruntime: {UPGRADE}",
    )


def cannot_run(what: object, error: Exception) -> ModelError:
    """Return the error for a file that onnxruntime has opened but fails to run."""
    return ModelError(
        f"onnxruntime {onnxruntime.__version__} cannot run {what}: {_reason(error)}",
        hint=f"Close other programs that use memory, or try another version of onnxruntime: {UPGRADE}",
    )


def _reason(error: Exception) -> str:
    """Return the text of an onnxruntime error on one line, without paths of the machine that built onnxruntime."""
    return _BUILD_PATHS.sub("", " ".join(str(error).split())).strip()

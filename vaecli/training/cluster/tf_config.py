"""The place of this process among the workers of a cluster, from the environment variable TF_CONFIG.

TF_CONFIG holds, as JSON, the addresses of all workers and which of them this process is. Kubernetes' training
operators and Ray set it; from Slurm's variables it takes a few lines of Python.
"""

import dataclasses
import json
import os

from vaecli.errors import ConfigError

VARIABLE = "TF_CONFIG"
EXAMPLE = '{"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The workers that train together.

    Attributes:
        workers: number of workers.
        worker: index of this process among them, from 0.
        chief: the address of worker 0, host:port; empty for a single worker.
    """

    workers: int = 1
    worker: int = 0
    chief: str = ""


def from_environment() -> Cluster:
    """Read TF_CONFIG; return a cluster of one worker if TF_CONFIG is not set.

    Raises:
        ConfigError: TF_CONFIG is not JSON, or does not name this process among the workers.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return Cluster()
    try:
        document = json.loads(text)
        jobs = document.get("cluster") or {}
        if not jobs:
            return Cluster()
        chiefs, workers = (list(jobs.get(job, [])) for job in ("chief", "worker"))
        kind, index = str(document["task"]["type"]), int(document["task"]["index"])
        count = len({"chief": chiefs, "worker": workers}[kind])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise _invalid(f"it does not name this process among workers ({error!r:.200})") from error
    if jobs.keys() - {"chief", "worker", "evaluator"} or len(chiefs) > 1:
        raise _invalid(f"it has the jobs {', '.join(map(str, jobs))} and {len(chiefs)} chiefs")
    if not 0 <= index < count:
        raise _invalid(f"the index of this process must be below {count}, the number of {kind}s, got {index}")
    addresses = chiefs + workers
    worker = index if kind == "chief" else len(chiefs) + index
    return Cluster(len(addresses), worker, str(addresses[0]))


def _invalid(reason: str) -> ConfigError:
    return ConfigError(
        f"Cannot use {VARIABLE}: {reason}. It must have workers, at most one chief, and the task of this process.",
        hint=f"For example: {EXAMPLE}",
    )

"""This process among the machines that train together, as TF_CONFIG tells it. Imports nothing heavy.

TF_CONFIG is what Kubernetes' training operators and Ray set, and what a few lines make of Slurm's variables: the
addresses of all workers as JSON, and which of them this process is.
"""

import dataclasses
import json
import os

from vaecli.errors import ConfigError

VARIABLE = "TF_CONFIG"
EXAMPLE = '{"cluster": {"worker": ["host-a:2222", "host-b:2222"]}, "task": {"type": "worker", "index": 0}}'


@dataclasses.dataclass(frozen=True)
class Cluster:
    """The number of workers, which of them this one is, and the address of number 0, the chief."""

    workers: int = 1
    worker: int = 0
    chief: str = ""


def from_environment() -> Cluster:
    """The cluster that TF_CONFIG describes; one worker if it is not set.

    Raises:
        ConfigError: it is not JSON, or does not name this process among workers.
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
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _unfit(f"it does not name this process among workers ({error!r})") from error
    if jobs.keys() - {"chief", "worker", "evaluator"} or len(chiefs) > 1:
        raise _unfit(f"it has the jobs {', '.join(jobs)}")
    if not 0 <= index < count:
        raise _unfit(f"it has {count} of the job {kind}, and this is to be number {index}")
    everyone = chiefs + workers
    return Cluster(len(everyone), index if kind == "chief" else len(chiefs) + index, str(everyone[0]))


def _unfit(why: str) -> ConfigError:
    return ConfigError(
        f"{VARIABLE} does not fit: {why}. Expected workers, at most one chief, and the task of this process.",
        hint=f"For example: {EXAMPLE}",
    )

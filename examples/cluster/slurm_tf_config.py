"""Print the TF_CONFIG of this Slurm task: `TF_CONFIG=$(python examples/cluster/slurm_tf_config.py) vaecli train ...`

To be run by srun, in each task. Tasks are numbered node by node (srun's `--distribution=block`, the default); task
0 is the chief.
"""

import json
import os
import re
import subprocess


def main() -> None:
    nodes = subprocess.run(
        ["scontrol", "show", "hostnames", os.environ["SLURM_STEP_NODELIST"]],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    counts: list[int] = []
    for count, times in re.findall(r"(\d+)(?:\(x(\d+)\))?", os.environ["SLURM_STEP_TASKS_PER_NODE"]):
        counts += [int(count)] * int(times or 1)  # "2(x3),1" is 2, 2, 2, 1
    port = 20_000 + int(os.environ["SLURM_JOB_ID"]) % 10_000  # jobs that share a node do not meet
    workers = [f"{node}:{port + i}" for node, count in zip(nodes, counts, strict=True) for i in range(count)]
    task = {"type": "worker", "index": int(os.environ["SLURM_PROCID"])}
    print(json.dumps({"cluster": {"worker": workers}, "task": task}))


if __name__ == "__main__":
    main()

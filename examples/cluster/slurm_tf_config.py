"""Print the TF_CONFIG variable of this Slurm task.

    export TF_CONFIG=$(python examples/cluster/slurm_tf_config.py)

Run it with srun, once in each task, before `vaecli train`; examples/cluster/train.sbatch does so. Task 0
becomes the chief. Tasks must be numbered node by node (`srun --distribution=block`, the default).
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
    tasks_per_node: list[int] = []
    for tasks, repeats in re.findall(r"(\d+)(?:\(x(\d+)\))?", os.environ["SLURM_STEP_TASKS_PER_NODE"]):
        tasks_per_node += [int(tasks)] * int(repeats or 1)  # "2(x3),1" means 2, 2, 2, 1
    port = 20_000 + int(os.environ["SLURM_JOB_ID"]) % 10_000  # two jobs on one node need different ports
    workers = [
        f"{node}:{port + i}" for node, tasks in zip(nodes, tasks_per_node, strict=True) for i in range(tasks)
    ]
    task = {"type": "worker", "index": int(os.environ["SLURM_PROCID"])}
    print(json.dumps({"cluster": {"worker": workers}, "task": task}))


if __name__ == "__main__":
    main()

"""The example that makes TF_CONFIG from what Slurm says."""

import json
import os
import pathlib
import subprocess
import sys

from vaecli.training.cluster.tf_config import Cluster, from_environment

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "cluster" / "slurm_tf_config.py"


def test_tasks_become_workers(tmp_path, monkeypatch):
    """Three nodes of two, two and one tasks; the fourth task is the second of the second node."""
    scontrol = tmp_path / "scontrol"
    scontrol.write_text('#!/bin/sh\n[ "$*" = "show hostnames n[1-3]" ] && printf "n1\\nn2\\nn3\\n"\n')
    scontrol.chmod(0o755)
    slurm = {
        "SLURM_STEP_NODELIST": "n[1-3]",
        "SLURM_STEP_TASKS_PER_NODE": "2(x2),1",
        "SLURM_JOB_ID": "70017",
        "SLURM_PROCID": "3",
    }
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [sys.executable, EXAMPLE], env=os.environ | slurm | {"PATH": path}, capture_output=True, check=True
    )
    found = json.loads(result.stdout)
    assert found["cluster"]["worker"] == ["n1:20017", "n1:20018", "n2:20017", "n2:20018", "n3:20017"]
    monkeypatch.setenv("TF_CONFIG", result.stdout.decode())
    assert from_environment() == Cluster(5, 3, "n1:20017")

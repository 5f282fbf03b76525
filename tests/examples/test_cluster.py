"""The examples for clusters: TF_CONFIG from the variables of Slurm, the Slurm script, the Kubernetes job."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

from vaecli.training.cluster.tf_config import Cluster, from_environment

CLUSTER = pathlib.Path(__file__).parents[2] / "examples" / "cluster"
SLURM = {
    "SLURM_STEP_NODELIST": "n[1-3]",
    "SLURM_STEP_TASKS_PER_NODE": "2(x2),1",
    "SLURM_JOB_ID": "70017",
    "SLURM_PROCID": "3",
}
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="needs sh")


@pytest.fixture
def slurm(tmp_path):
    """The environment of a Slurm task, with stand-ins for scontrol, srun and vaecli on PATH."""
    programs = {
        "scontrol": '[ "$*" = "show hostnames n[1-3]" ] && printf "n1\\nn2\\nn3\\n"',
        "srun": 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"',
        "vaecli": 'echo "$*"; echo "$TF_CONFIG"',
        "python": f'exec "{sys.executable}" "$@"',
    }
    for name, body in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    return os.environ | SLURM | {"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}


def options_of(command):
    """The long options of a command line."""
    return re.findall(r"--[a-z-]+", command)


@POSIX
def test_tasks_become_workers(slurm, monkeypatch):
    """Three nodes of two, two and one tasks; the fourth task is the second of the second node."""
    command = [sys.executable, CLUSTER / "slurm_tf_config.py"]
    result = subprocess.run(command, env=slurm, capture_output=True, check=True)
    workers = json.loads(result.stdout)["cluster"]["worker"]
    assert workers == ["n1:20017", "n1:20018", "n2:20017", "n2:20018", "n3:20017"]
    monkeypatch.setenv("TF_CONFIG", result.stdout.decode())
    assert from_environment() == Cluster(5, 3, "n1:20017")


@POSIX
def test_the_slurm_script_starts_every_task(slurm):
    """Each task gets its TF_CONFIG and trains; the script stands in the folder of the clone."""
    command = ["bash", "examples/cluster/train.sbatch"]
    result = subprocess.run(command, cwd=CLUSTER.parents[1], env=slurm, capture_output=True, check=True)
    arguments, tf_config = result.stdout.decode().splitlines()
    assert arguments.startswith("train --data fashion-mnist --devices all --max-time 55m")
    assert json.loads(tf_config)["task"] == {"type": "worker", "index": 3}


def test_the_options_of_the_jobs_exist(call):
    """`vaecli train` has every option that the Slurm script and the Kubernetes job give it."""
    _, help_text, _ = call("train", "--help")
    job = re.search(r"command: \[vaecli, (.*)\]", (CLUSTER / "tfjob.yaml").read_text("utf-8"))[1]
    script = re.search(r"exec vaecli (.*)", (CLUSTER / "train.sbatch").read_text("utf-8"))[1]
    for option in options_of(job) + options_of(script):
        assert option in help_text


@POSIX
def test_the_array_job_encodes_all_pictures(slurm, tmp_path, model_folder):
    """The tasks of the array write parts that, joined as the guide says, are the table of a single run."""
    vaecli = tmp_path / "vaecli"
    vaecli.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m vaecli "$@"\n', encoding="utf-8")
    slurm["PYTHONPATH"] = os.pathsep.join(sys.path)

    def run(*command, **environment):
        subprocess.run(command, cwd=tmp_path, env=slurm | environment, check=True, capture_output=True)

    run("vaecli", "sample", "-m", model_folder, "-n", "20", "-o", "pictures/")
    for task in ("1", "2", "3"):
        run(
            *("bash", CLUSTER / "encode.sbatch", model_folder, "pictures/"),
            SLURM_ARRAY_TASK_ID=task,
            SLURM_ARRAY_TASK_COUNT="3",
        )
    guide = (CLUSTER / "README.md").read_text(encoding="utf-8")
    run("bash", "-ec", re.search(r"^\(head .*$", guide, re.M)[0])
    run("vaecli", "encode", "pictures/", "-m", model_folder, "-o", "single.csv")
    joined = (tmp_path / "latents.csv").read_bytes()
    assert joined == (tmp_path / "single.csv").read_bytes()
    assert joined.count(b"\n") == 21

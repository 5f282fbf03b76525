"""The run folder. No TensorFlow.

layout      paths in a run folder, new folders, the newest run
lock        one process at a time trains a run
provenance  versions, command line, git state, machine
history     metrics.csv
progress    reports of a training run to its watchers
state       counters, variables and best weights of a run, as a file
kept        the images that an export needs, as a file
"""

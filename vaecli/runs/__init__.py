"""The run folder. No TensorFlow.

layout      where files lie in it, new folders, the newest run
lock        one process trains a run
provenance  versions, command line, git state, machine
history     metrics.csv
progress    what a run reports to its watchers
state       counters and variables of a run, as a file
kept        the images that an export needs
"""

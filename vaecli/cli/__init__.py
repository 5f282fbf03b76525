"""The command line: parse, one task, render. The only home of typer and rich; nothing imports it.

main             the program, its commands and its exit codes
train, evaluate, compare, runs, sample, interpolate, encode, reconstruct, score, similar, traverse, edit, explore,
prior, export, bench, verify, info, data, data_info, features
                 one command each
command          the class of all commands: their help, and the refusal of empty texts
figures          tables of `eval`
quality          options and tables of `eval --quality`
probes           table of `eval --probe`
report           options and lines of `eval --report`
parameters       options and arguments that several commands share; their completion
pictures         reports of the commands that read any number of pictures
duration         times such as 1h30m
models           the model of a command: named, the newest run, or the one that comes with vaecli
console          notes, errors, tables, JSON, paths, the next command
streams          standard streams that are closed, full, or of few characters
stopping         signals
bars             progress bars
cells            pictures on the terminal
training_options  the options of `train` that decide what is computed
run_options      its other options
training_settings  the options of `train` from the command line and a file, and those that exclude each other
training_screen  the progress of a training run
training_json    the same as JSON lines
forecast         what --dry-run shows
schemas/         a JSON Schema for the --json output of each command
"""

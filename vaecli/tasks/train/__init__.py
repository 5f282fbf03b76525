"""`vaecli train`.

train     one training run from beginning to end
job       the run folder and its data, new or resumed
workers   several processes on one run
resume    what changes when a run is resumed
results   .keras files, exported model, plots
deadline  --max-time
plots     the pictures that a run leaves
"""

"""`vaecli train`.

train       one training run from beginning to end
job         the run folder and its options, new or resumed
configured  the settings of --config that do not go with the typed options
images      the images of a run
kept_images  those of them that stay in the run
pictures    what a run says and keeps of the pictures that it reads
labels      the classes of the images
pixels      the values of their pixels, and the likelihoods that fit them
pretrained  the weights of --start-from
dry_run     a run described and not made
attached    the largest sizes of its exported files
start       TensorFlow, the check before training, networks and state
workers     several processes on one run
resume      what changes when a run is resumed
results     .keras files, exported model, plots
deadline    --max-time
plots       the images in the run's `plots/`
"""

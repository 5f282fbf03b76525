"""One library function a command. Heavy packages are imported when a task runs.

Functions that run a model take an opened `Model`; those that only read its files take a path.

photos       the preparation of a user's pictures
inputs       the data set that a command works on
stream/      the pictures that a user names, any number of them
train/       `vaecli train`
evaluate     `vaecli eval`
compare/     `vaecli eval --save` and `vaecli compare`
quality/     `vaecli eval --quality` and `--samples`
report/      `vaecli eval --report`
runs         `vaecli runs`
sample       `vaecli sample`
origin       where the data of a model are
changes      how images differ from those of a model, in words
interpolate  `vaecli interpolate`
encode       `vaecli encode`
reconstruct  `vaecli reconstruct`
edit/        `vaecli edit`
similar/     `vaecli similar`
track        the labels of `vaecli interpolate`, and the grid between four pictures
decoding     latents decoded to pictures, a chunk at a time
one_picture  the one picture that a command asks about
latent_space where the latents of a model's images lie, and which dimensions it uses
traverse     `vaecli traverse`; traversal are its latents and its pages
class_labels the labels of images as a conditional model takes them
run_data     the images of a run, for what is fitted to them after training
prior/       `vaecli prior`, and the prior of an exported model
score/       `vaecli score`, and what it needs in an exported model
recipe       how a picture was made, as the text that it carries; recipe_text reads it, photo_words are its
             words of the preparation
export       `vaecli export`; export_target checks its folder
page         the page of a model, for `vaecli export --html`; explore serves it for `vaecli explore`
info         `vaecli info`; picture_info for a picture that carries a recipe
verify       `vaecli verify`
bench        `vaecli bench`; bench_contestants are what it runs, bench_ratios compares its figures
features/    `vaecli features`
data         `vaecli data`; data_info is `vaecli data info`
"""

"""Pictures out: arrays of images become files, plots and terminal cells. No terminal codes.

pixels   8-bit pixels as Pillow images, as RGB, and enlarged
heat     maps of a number for each pixel
sheet    contact sheets
reconstructions  originals, reconstructions and differences
strip    interpolations as one picture: strips, and grids between four corners
png      PNG files with zlib alone, in bands
npy      .npy and .npz in flat memory
gif      animations
targets  outputs by their suffix, and the refusal of those that cannot be written
embedded  the recipe that a PNG or GIF carries, read within limits
text     text on pictures
captions  sheets of pictures with text below each
rows     rows of images with labels, headings and given pictures
plane    a plane through the latent space, with points
sliders  frames of an animation, with a text and a slider below
writers  a stream of images to .png, .npy, .npz, .gif or a folder, whole or not at all
cells    terminal pictures as data, two pixels in a character cell
plots    training curves and latent spaces (matplotlib, imported when called)
"""

"""Pictures out: arrays of images become files, plots and terminal cells. No terminal codes.

pixels   8-bit pixels as Pillow images, and enlarged
sheet    contact sheets and interpolation strips
png      PNG files with zlib alone, in bands
npy      .npy and .npz in flat memory
gif      animations
writers  a stream of images to .png, .npy, .npz, .gif or a folder, whole or not at all
cells    terminal pictures as data, two pixels in a character cell
plots    training curves and latent spaces (matplotlib, imported when called)
"""

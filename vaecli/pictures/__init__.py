"""Pictures out: arrays of images become files, plots and terminal cells. No terminal codes.

ahead    map in threads, in order and in flat memory
pixels   float and uint8, array and Pillow image
sheet    contact sheets and interpolation strips
png      a picture as a file, whole or in bands
writers  a stream of images to .png, .npy, .npz, .gif or a folder, whole or not at all
arrays   .npy and .npz written in flat memory
gif      animations
cells    half-block terminal pictures as data
plots    training curves, latent spaces (matplotlib, imported when called)
"""

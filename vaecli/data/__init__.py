"""Images in: data sets by name or folder, the validation split, a user's picture -> (N, H, W, C) uint8.

images       a set of labelled images
file_images  images that stay in their file and are read when needed
contrast     the range of pixel values in use, and its stretch to 0 to 255
split        which images are held out for validation
load         what --data means: a folder, the cache, the system's package, the network
reference    test:17, a picture of a data set
idx/         the file format of MNIST, and a folder of such files
named/       the data sets known by name: catalogue, download, bundled subset
photo/       a user's picture: decoded, framed, prepared for a model
"""

"""Images in: a data set by name, a folder, an archive, arrays, a picture -> (N, H, W, C) uint8.

images       a set of labelled images
file_images  images that stay in their file and are read when needed
contrast     the range of pixel values in use, and its stretch to 0 to 255
binarise     binary images from grey ones
split        which images are held out for validation and for testing
parts        training, validation and test images of a run
load         what --data means: a name, a folder, an archive, a file of arrays
kind         what a file is, by its content
resize       images that have a shape already, in another size or colour
reference    test:17, a picture of a data set
idx/         the file format of MNIST, and a folder of such files
named/       the data sets known by name: catalogue, download, bundled subset
arrays/      images from NumPy's files and from tables of pixels
photo/       a user's picture: decoded, framed, prepared for a model
"""

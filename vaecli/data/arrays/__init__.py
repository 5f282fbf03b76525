"""Images from arrays: NumPy's files and tables of pixels.

npy          one array in its own file
npz          images, labels and classes by the names of arrays in one file
archive      those arrays, read one by one
pixel_table  a CSV file with a line of pixels for each image
columns      what the columns of such a file are
header       what a .npy file says of its array, checked before anything is allocated
values       numbers of any type -> 0 to 255, in bounded chunks
shape        (N, H, W, C) from the shape of an array
labels       numbers, one-hot rows or texts -> classes
"""

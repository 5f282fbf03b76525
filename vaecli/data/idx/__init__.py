"""IDX, the file format of MNIST.

format  one file: read, checked, written
folder  a user's folder of such files
"""

"""Pictures of a user's own: a folder or an archive becomes images of one shape.

source         a folder or an archive, listed
folder         the walk through a folder
archives       members of archives, their limits
zip_archive    members of .zip files
zip_directory  its list of members
tar_archive    members of .tar files, compressed or not
entries        files that may be pictures
natural        natural order
labels         metadata.csv and metadata.jsonl
layout         split folders, class folders
listing        the pictures of a source, with splits and labels, not decoded
load           a listing becomes a set of images
choose         the reading: what the user asks for, the rest chosen from the pictures
store          the cache: a folder for each source, listed and cleared
generation     all pictures of a source as images of one reading, in files
records        what the cache knows of each picture
donors         images of earlier generations that are copied
build          the rest, decoded in parallel
batches        pictures for threads, bounded in bytes
examine        one picture: its header, its image, what is wrong with it
report         what was found: bad files, duplicates
"""

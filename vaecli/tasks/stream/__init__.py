"""Pictures that a user names, as a stream of batches: any number of them in flat memory, decoded in parallel.

stream    the stream, and its batches
names     files, folders, globs, archives, test:17 and test:0:100 become sections
sections  consecutive pictures of one source, read in parts by threads
shard     --shard I/N, a contiguous part of all pictures
"""

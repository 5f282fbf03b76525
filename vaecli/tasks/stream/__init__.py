"""Pictures that a user names, as a stream of batches: any number of them in flat memory, decoded in parallel.

opening   the stream of the pictures that a user names
stream    the stream, read in batches
reports   what is said meanwhile
batch     a batch of it
names     files, folders, globs, archives, test:17 and test:0:100 become sections
sections  consecutive pictures of one source, read in pieces by threads
reader    a piece: pictures decoded and prepared for the model
targets   what a command would replace, compared with what it reads
shard     --shard I/N, a contiguous part of all pictures
"""

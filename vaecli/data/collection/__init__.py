"""Pictures of a user's own: a folder or an archive becomes images of one shape.

listing   the pictures of a source, with splits and labels, not decoded
report    what was found: bad files, duplicates, what was chosen
"""

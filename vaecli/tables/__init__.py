"""Tables of results, written row by row in flat memory: .csv, .jsonl and .npz, whole or not at all.

A table has columns of text and of numbers, known in advance. Numbers are written with the fewest digits that give
the same float32 again. A number that is NaN is an empty field in CSV, null in JSONL and NaN in .npz.

CSV: UTF-8, RFC 4180, with a header; lines end in a newline. A text with commas, quotes or line breaks is in quotes.
    A byte of a file's name that is not UTF-8 is written as \\xNN. Nothing is put before a text that a spreadsheet
    could take for a formula (`=`, `+`, `-`, `@` at its beginning): it would be another name.
JSONL: an object a line. Python's json gives the exact name of a file back, for os.fsencode.
.npz: an array for each column; several columns of numbers that belong together, such as z_00, z_01, ..., are one
    array (N, D). Texts are fixed-width unicode arrays, which need no pickle; a text that is missing is empty.

writing  a table that appears whole or not at all, by the suffix of its name
columns  texts and numbers
lines    .csv and .jsonl
spool    .npz
latents  .npz tables of latents, read in chunks
"""

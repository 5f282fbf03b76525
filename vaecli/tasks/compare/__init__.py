"""`vaecli eval --save` and `vaecli compare`.

saving   an evaluation and its model -> a saved evaluation
finding  the saved evaluation in a file or a run
sides    runs that differ in nothing but the seed
columns  the metrics of the table
compare  the table and the verdicts
result   what they are, and their form as JSON
words    the same in words and rounded numbers
formats  as CSV, Markdown and LaTeX
"""

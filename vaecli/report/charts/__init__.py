"""Charts as SVG: no library, no script, colours by classes of the style sheet.

frame   the parts that charts share: title, axes, legend
lines   curves over epochs
bars    a value for each of some things
points  a plane with points of classes
"""

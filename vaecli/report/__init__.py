"""The report of an evaluation: one page for a browser, and the same as Markdown, from plain data. No script.

content   what a report holds: texts, tables, charts, pictures, warnings
signs     the figures from which warnings follow
remedies  options to try, which follow from those of the training
warnings  the checks: each warns of a fault with its figure and the options to try
markup    elements of HTML and SVG from values, escaped
axes      scales and ticks
numbers   numbers as text
charts/   lines, bars, points as SVG
page      the report as HTML
markdown  the report as Markdown, and its pictures as files
"""

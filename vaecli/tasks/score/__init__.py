"""`vaecli score`: how unlike the training images pictures are.

score      the table of scores, the marks, and what is said of all pictures together
options    options of a score
strangest  the pictures with the highest scores, and their sheet
heatmaps   a folder of maps of the excess of each pixel
judging    AUROC and F1 on labelled pictures
warning    the warning of other commands that a picture is unlike the training images
facts      what a model's score is computed with, made when it is exported
"""

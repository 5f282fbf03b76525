"""`vaecli features`: classifiers whose features measure the quality of samples.

train  trains one on labelled images
"""

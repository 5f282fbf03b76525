"""Numbers from a model: what it says of images that it has not seen. numpy alone.

protocol  what a model has to offer
names     the metrics there are, in the order of a report
evaluate  all of them, with standard errors, in one pass over the images
bound     the importance-weighted bound, K samples in chunks
ssim      structural similarity
"""

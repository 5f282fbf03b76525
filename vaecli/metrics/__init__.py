"""Numbers from a model on images that it has not seen. numpy alone.

protocol  the interface of a model that can be measured
table     the metrics: meaning, unit, direction, needs
evaluate  all of them in one pass, each image's value kept
bound     the ELBO and the importance-weighted bound
ssim      structural similarity
"""

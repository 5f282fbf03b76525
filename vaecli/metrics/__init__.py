"""Metrics of a model on images, with numpy alone.

encoded    the posteriors of a run's images, from which its prior is fitted
labelled   a conditional model with the labels of the images
protocol   interface of a model that can be measured
table      the metrics: meaning, unit, direction, needs
evaluation the result of an evaluation: values of each image, means, standard errors
saved/     evaluations as files
clock      how long each metric takes
evaluate   all metrics in one pass, with the value of each image
bound      ELBO and importance-weighted bound
ssim       structural similarity
detection  AUROC and F1
score      how unlike the training images an image is
score_fit  the fit of the score
prior_fit  the fit of the mixtures from which latents are drawn
samples/   the quality of samples, by features of them and of real images
shares     standard error of a share of images
probes     k nearest neighbours and a linear probe, which tell classes apart
prior_seconds  how long that fit takes on this machine
"""

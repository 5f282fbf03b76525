"""The Keras networks and the loop that trains them: the home of tensorflow and keras.

vae             encoder, decoder and likelihood as one object
networks/       the architectures
objective       the loss
mixture_prior   a mixture as prior while the networks train
adam            the optimizer
colours         gradients in which colours count more
steps           many training steps in one graph call
image_source    batches from memory or from a file
augment         flips and shifts of the images of training steps
labels          the labels of a conditional model
binarise        binary images, drawn anew in each step
streams         the seeds of the random numbers of training steps
schedule        learning rates, Adam's memory, the order of the images
precision       bfloat16 where the machine has it
validation      the validation loss
previews        samples and reconstructions while training
trainer         the parts of a run and its state
loop            epochs, early stopping, rollbacks
checkpoint      variables and state, saved and restored
advice          hints on posterior collapse and overfitting
events          TensorBoard event files
keras_files     .keras files
keras_settings  Keras' global settings
tensorflow      a quiet start, and threads
classifier/     a classifier whose features measure samples
cluster/        several devices and machines
"""

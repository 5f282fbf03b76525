"""The Keras networks and the loop that trains them: the home of tensorflow and keras.

vae           encoder, decoder and likelihood as one object
networks/     the architectures
objective     the loss
steps         many training steps in one graph call
image_source  batches from memory or from a file
schedule      learning rates, Adam's memory, the order of the images
precision     bfloat16 where the machine has it
validation    the validation loss
previews      samples and reconstructions while training
loop          epochs, early stopping, rollbacks
trainer       all of it put together
checkpoint    variables and state, saved and restored
advice        what the course of a run suggests
events        TensorBoard event files
keras_files   .keras files
tensorflow    a quiet start, and threads
cluster/      several devices and machines
"""

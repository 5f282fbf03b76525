"""`vaecli eval --report`: one page of an evaluation, and the same as Markdown.

target     the files of a report, and their refusal before any work
subject    what a report is about: model, images, evaluation, run
different  how many of the images differ, and the checks that need many
encoded    latents of some images, their distance to the prior
extremes   section: the worst and the most unusual images
activity   units of the networks that never change
training   the training images: the gap to them, and the closest pairs with samples
signs      the figures from which warnings follow
measured   what a report needs beside the evaluation
sheets     pictures side by side, small enough for a page
overview   sections: the model, its figures, its training
shown      sections: reconstructions, samples, closest pairs
latents    section: KL of each dimension, the plane of latents
by_class   section: figures of each class
quality    section: the quality of samples
probes     section: the classes that latents predict
write      the report put together and written
"""

"""Pages out: one HTML file that holds a model and everything to explore it with, and a server for it.

page         the file, from the content of model files
compression  binary files as short text
bundle       the scripts of a folder as one script
compact      scripts and styles without comments and needless spaces
server       the file at a secret address of this machine alone

explorer/ the sources of the page, readable as they stand: no build step, no package of another language

    index.html, style.css
    engine/    reads an ONNX file and computes it, with the operators of modelfile/operators.py
    model/     what a model file says: latent space, priors, draws, likelihoods, score, paths
    pictures/  a user's picture to the model's input, and pictures out: PNG, GIF
    app/       what a person sees and does
    vendor/    gifenc, with its licence
"""

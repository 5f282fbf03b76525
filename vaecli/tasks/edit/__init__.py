"""`vaecli edit`: a picture moved along a direction of the latent space.

edit       the task
direction  what --toward and --from name: classes, folders, saved directions
saved      directions as .npz files
"""

"""`vaecli similar`: the pictures that are nearest to one in the latent space.

similar  the task
search   the search among pictures, and among latents that `encode` wrote
"""

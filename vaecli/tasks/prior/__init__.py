"""`vaecli prior`: the mixtures from which a model's latents are drawn.

source   the mixtures of an exported model, fitted on the images of its run or taken over from the run's own model
prior    the mixtures of a run's model fitted or changed without training
"""

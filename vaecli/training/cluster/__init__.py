"""Several devices and machines that train together.

tf_config   the workers that TF_CONFIG names
rendezvous  waiting until all workers have started
devices     tf.distribute: broadcast, all-reduce, decisions of all workers
"""

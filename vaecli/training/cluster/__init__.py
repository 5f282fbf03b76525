"""Several devices and machines that train together.

tf_config   the workers, as TF_CONFIG names them
rendezvous  waiting for all workers, interruptibly
devices     tf.distribute: broadcast, all-reduce, decisions of all workers
"""

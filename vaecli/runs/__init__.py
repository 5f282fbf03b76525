"""The run folder: where things lie in it, which is the newest, who is training it, where it comes from."""

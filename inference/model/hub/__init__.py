"""Finds a checkpoint's files on this machine, or fetches them from the model hub.

checkpoint_files  where the files of a CLIP_MODEL are; what the rest of the code asks
cache             what the hub's cache on this machine holds
download, blobs   fetch a model, and a single file of it
client            requests to the hub
faults            why the hub or the disk fails, in words for people
"""

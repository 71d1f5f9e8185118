"""CLIP and its relatives: images and labels in, probabilities out.

The rest of the code uses

    loading            loads the model that the settings name, and tries again until that works
    engine             `Engine`, a loaded checkpoint that classifies images
    classifier         `Classifier`, the protocol that a worker needs, and a scripted one for tests
    encoder.templates  from labels to the texts that a model reads
    encoder.scoring    logits → probabilities
    none_of_these      whether labels fit at all, against a bank of everyday things
    hub                whether a checkpoint is on this machine, and its download
"""

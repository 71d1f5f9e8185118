"""The dual encoder: images and texts in, unit vectors and logits out.

`templates` makes texts of labels, `preprocessing` and `tokenization` the arrays that a model reads.
`dual_encoder` encodes them by a runtime of `inference.model.backends`, and `scoring` turns logits
into probabilities.
"""

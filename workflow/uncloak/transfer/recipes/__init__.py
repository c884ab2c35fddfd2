"""Where an image classifier's weights are from: a module for each key of records that says so.

Its `make(record, file, seed, name)` returns the classifier, frozen, the number of its classes, and what its file is to
say of its making (JSON values).
"""

"""Extractors that others run: one module each, found by its name. They give embeddings, and no gradients or weights.

A module has `build(**options)`, which returns the box: a function of face crops uint8 [N,H,W,3], RGB, that returns
their embeddings [N,D], numbers of any kind. What it raises is told in one line. If `build` has the argument `weights`,
it gets the path of the file that the record names under `weights`. A module's BATCH says how many faces the box gets at
once, if not as many as a network.
"""

"""The place of the right class in what a classifier says."""

import numpy as np

from uncloak.errors import InputError


def ranks(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the place, from 0, of each picture's class among its logits [N,C]; of equal ones the first class leads.

    Raises InputError where logits are not finite or a label is not among the classes.
    """
    if not np.isfinite(logits).all():
        raise InputError("transfer: a classifier's logits are not finite; make its weights again")
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise InputError(f"transfer: class {labels.max()} is not among a classifier's {logits.shape[1]}; use another")
    own = logits[np.arange(len(labels)), labels][:, None]
    before = np.arange(logits.shape[1]) < labels[:, None]
    return ((logits > own) | ((logits == own) & before)).sum(axis=1)

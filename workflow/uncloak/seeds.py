"""Seeds: every random choice has its own stream, named after what it decides.

A stream depends on the seed of the experiment and on stable names (an attack, a picture), never on the order of the
work, so that sharding, batch size and job order cannot change a result.
"""

import hashlib

import numpy as np


def derive_seed(seed: int, *names: str) -> int:
    """Return the 63-bit seed of the stream called `names` in the experiment with this `seed`."""
    text = "\x1f".join([str(int(seed)), *names])
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return NumPy's generator of the stream called `names` in the experiment with this `seed`."""
    return np.random.default_rng(derive_seed(seed, *names))

"""People and their faces, clean and perturbed, for the tests of the detector."""

import numpy as np
import pandas as pd
from scipy import ndimage

FAWKES = ["fawkes_low", "fawkes_mid", "fawkes_high"]
SIDE = 32


def people(seed: int = 0, pictures: int = 7) -> pd.DataFrame:
    """Return a split whose people have their roles in random order."""
    roles = np.repeat(["user", "public", "detector", "other", "background"], [3, 4, 12, 5, 4])
    rows = []
    for number, role in enumerate(np.random.default_rng(seed).permutation(roles)):
        for stem in range(pictures):
            part = "none" if role == "background" else "probe" if stem < 2 else "gallery"
            rows.append((f"p{number:02}/{stem}", f"p{number:02}", part, role))
    return pd.DataFrame(rows, columns=["picture", "identity", "part", "role"])


def gallery(split: pd.DataFrame, role: str) -> list[str]:
    """Return the gallery pictures of the people of a role."""
    return split.loc[(split["role"] == role) & (split["part"] == "gallery"), "picture"].tolist()


def smooth_faces(count: int, seed: int) -> np.ndarray:
    """Return pictures without fine structure, uint8 [N,S,S,3]."""
    noise = np.random.default_rng(seed).random((count, SIDE, SIDE, 3))
    smooth = ndimage.gaussian_filter(noise, (0, 4, 4, 0))
    return np.uint8(60 + 120 * (smooth - smooth.min()) / np.ptp(smooth))


def cloaked(faces: np.ndarray, seed: int) -> np.ndarray:
    """Return the faces with noise for a perturbation."""
    return np.uint8(faces + np.random.default_rng(seed).integers(-20, 21, faces.shape))

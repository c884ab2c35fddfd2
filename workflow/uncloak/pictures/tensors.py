"""8-bit pictures as what networks take."""

import numpy as np
import torch


def as_floats(pictures: np.ndarray, device: str | torch.device) -> torch.Tensor:
    """Return uint8 [N,S,S,3] as float32 [N,3,S,S] in [0,1], in the memory format that convolutions run fast in."""
    return torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2).float() / 255

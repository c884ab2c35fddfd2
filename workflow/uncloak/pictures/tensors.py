"""8-bit pictures as what networks take."""

import numpy as np
import torch


def as_floats(pictures: np.ndarray, device: str | torch.device) -> torch.Tensor:
    """Return uint8 [N,H,W,3] as float32 [N,3,H,W] in [0,1], in the memory format that convolutions run fast in.

    A GPU fetches them by itself, in its turn: who asks does not wait.
    """
    batch = torch.from_numpy(pictures)
    if torch.device(device).type == "cuda":
        batch = batch.pin_memory().to(device, non_blocking=True)
    return batch.to(device).permute(0, 3, 1, 2).float() / 255

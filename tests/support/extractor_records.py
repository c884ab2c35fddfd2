"""Records of extractors, networks built from them, and faces to embed, for the tests of extractors."""

import numpy as np
import torch

from uncloak.extractors.extractor import build

# Where the five points stand in the crops of these names.
ARCFACE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
DLIB = np.array([[48.46, 46.49], [102.62, 46.20], [74.62, 79.19], [52.03, 106.89], [98.84, 106.73]])
PLAIN = {"mean": [0.0, 0.0, 0.0], "std": [1.0, 1.0, 1.0]}
RECORDS = {
    "mobilefacenet_casia": {
        "weights": {
            "file": "mobilefacenet_casia.ckpt",
            "format": "torch",
            "sha256": "e839247cdbdfc023fb7cadeaf53a4549d50c8fc24ad154c02e35920ea8910d99",
        },
        "network": {"name": "mobilefacenet"},
        "input": {"size": [112, 96], "template": "arcface_112x96", "mean": [0.5] * 3, "std": [128 / 255] * 3},
    },
    "mobilefacenet_ms1m": {
        "weights": {
            "file": "mobilefacenet_relu6_ms1m.pt",
            "format": "torch",
            "sha256": "90a00ba1d8b0b688af3deb731ed53dca582e6106805d1bc3cfdef55f570493f4",
        },
        "network": {"name": "mobilefacenet_relu6"},
        "input": {
            "size": [112, 112],
            "template": "arcface",
            "mean": [0.485, 0.456, 0.406],
            "std": [0.229, 0.224, 0.225],
        },
    },
    "dlib_resnet": {
        "weights": {
            "file": "dlib_resnet_v1.npz",
            "format": "npz",
            "sha256": "e2dfef13634fddddf1689c28a318fe1ec4bd4e7dd4dbc31d5a3bb83cc134de68",
        },
        "network": {"name": "dlib_resnet"},
        "input": {
            "size": [150, 150],
            "template": "dlib",
            "mean": [122.782 / 255, 117.001 / 255, 104.298 / 255],
            "std": [256 / 255] * 3,
        },
    },
}
PIXELS = {"network": {"name": "pixels"}, "input": {"size": [32, 32], "template": "arcface", **PLAIN}}


def untrained(name: str):
    """Return the extractor with random weights, the same in every call."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return build(RECORDS[name]).freeze()


def random_faces(count: int, side: int, seed: int = 0) -> torch.Tensor:
    """Return noise, [N,3,S,S] in [0,1]."""
    return torch.from_numpy(np.random.default_rng(seed).random((count, 3, side, side), dtype=np.float32))

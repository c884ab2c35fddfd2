"""FaceNet's Inception-ResNet-v1 as facenet-pytorch builds it, for its published weights (Schroff et al. 2015)."""

import facenet_pytorch
from torch import nn

from uncloak.extractors import published


def build() -> nn.Module:
    """Build the network of normalized faces float32 [N,3,160,160] -> [N,512] of length 1, untrained.

    Published files hold a classifier, too, which their records drop: `logits`.
    """
    return facenet_pytorch.InceptionResnetV1()


translate = published.unchanged

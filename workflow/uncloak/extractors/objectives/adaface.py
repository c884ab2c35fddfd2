"""AdaFace (Kim et al. 2022, arXiv 2204.00964): margins that favor hard pictures of good quality, easy ones of poor."""

import torch

from uncloak.extractors.objectives.prototypes import MarginSoftmax

_SHORTEST, _LONGEST = 1e-3, 100.0
_ANGLE = 1e-3  # angles stay so far from 0 and pi, where the cosine is flat
# Where the running mean and standard deviation of lengths begin, in the published code.
_FIRST_MEAN, _FIRST_DEVIATION = 20.0, 100.0


class AdaFace(MarginSoftmax):
    """Softmax of s (cos(angle + g_angle) - g_add), with g_angle = -m z and g_add = m z + m (section 3.3).

    An embedding's length stands for the picture's quality: z is the length less the mean of lengths, over their
    standard deviation divided by h, clipped to -1..1. Both are running means over batches, of which the newest has the
    share `pace`. No gradient flows through lengths. Numbers that the paper leaves open are the published code's.
    """

    def __init__(
        self,
        codes: torch.Tensor,
        dimension: int,
        scale: float,
        margin: float,
        concentration: float,
        pace: float,
        focal: float,
    ):
        super().__init__(codes, dimension, scale, focal)
        self.margin, self.concentration, self.pace = margin, concentration, pace
        self.register_buffer("mean", torch.tensor(_FIRST_MEAN))
        self.register_buffer("deviation", torch.tensor(_FIRST_DEVIATION))

    @torch.no_grad()
    def _quality(self, embeddings: torch.Tensor) -> torch.Tensor:
        lengths = embeddings.norm(dim=1).clamp(_SHORTEST, _LONGEST)
        self.mean.lerp_(lengths.mean(), self.pace)
        self.deviation.lerp_(lengths.std(), self.pace)
        return ((lengths - self.mean) / (self.deviation + 1e-3) * self.concentration).clamp(-1, 1)

    def penalize(self, cosines: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        quality = self._quality(embeddings)
        angles = torch.acos(cosines.clamp(-1 + 1e-6, 1 - 1e-6)) - self.margin * quality
        return angles.clamp(_ANGLE, torch.pi - _ANGLE).cos() - self.margin * (quality + 1)


def build(
    codes: torch.Tensor,
    dimension: int,
    scale: float = 64.0,
    margin: float = 0.4,
    concentration: float = 0.333,
    pace: float = 0.01,
    focal: float = 0.0,
) -> AdaFace:
    """Build the objective for training pictures of the identities `codes` int64 [N].

    Args:
        scale: factor s of the cosines.
        margin: m, both of the angle, in radians, and of the cosine.
        concentration: h; of so many standard deviations' reciprocal, a length has the largest or smallest quality.
        pace: share of the newest batch in the running means of lengths; the paper's momentum is what is left of 1.
        focal: exponent of the focal loss; 0 is none.
    """
    return AdaFace(codes, dimension, scale, margin, concentration, pace, focal)

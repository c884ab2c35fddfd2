"""MagFace (Meng et al. 2021): an angular margin that grows with the embedding's length, and a reward for length."""

import torch

from uncloak.extractors.objectives.prototypes import MarginSoftmax, add_angle


class MagFace(MarginSoftmax):
    """Softmax of s cos(angle + m(a)) plus weight * (1/a + a / longest^2), `a` the embedding's length, clipped.

    m rises linearly from `margins[0]` at length `lengths[0]` to `margins[1]` at `lengths[1]` (equations 3 to 5).
    """

    def __init__(
        self,
        codes: torch.Tensor,
        dimension: int,
        scale: float,
        margins: tuple[float, float],
        lengths: tuple[float, float],
        weight: float,
        focal: float,
    ):
        super().__init__(codes, dimension, scale, focal)
        self.margins, self.lengths, self.weight = margins, lengths, weight

    def _length(self, embeddings: torch.Tensor) -> torch.Tensor:
        return embeddings.norm(dim=1).clamp(*self.lengths)

    def penalize(self, cosines: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        (least, most), (shortest, longest) = self.margins, self.lengths
        share = (self._length(embeddings) - shortest) / (longest - shortest)
        return add_angle(cosines, least + (most - least) * share)

    def regularizer(self, embeddings: torch.Tensor) -> torch.Tensor:
        length = self._length(embeddings)
        return self.weight * (1 / length + length / self.lengths[1] ** 2).mean()


def build(
    codes: torch.Tensor,
    dimension: int,
    scale: float = 16.0,
    margins: tuple[float, float] = (0.05, 0.25),
    lengths: tuple[float, float] = (5.0, 25.0),
    weight: float = 5.0,
    focal: float = 0.0,
) -> MagFace:
    """Build the objective for training pictures of the identities `codes` int64 [N].

    Args:
        scale: factor s of the cosines.
        margins: smallest and largest margin, in radians.
        lengths: shortest and longest embedding, at which the margin is smallest and largest.
        weight: factor of the reward for length.
        focal: exponent of the focal loss; 0 is none.
    """
    return MagFace(codes, dimension, scale, tuple(margins), tuple(lengths), weight, focal)

"""What the classification losses share: one prototype per identity, compared with embeddings by cosine."""

import torch
from torch import nn
from torch.nn import functional as F


class Prototypes(nn.Module):
    """Cosines [N,C] between embeddings [N,D] and learned prototypes of C identities (NormFace, Wang et al. 2017)."""

    def __init__(self, identities: int, dimension: int):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(identities, dimension))

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        return F.linear(F.normalize(embeddings), F.normalize(self.weight))


class MarginSoftmax(nn.Module):
    """Cross-entropy of scaled cosines in which `penalize(cosines of the true identity)` replaces the true ones.

    Called as `objective(embeddings float32 [N,D], rows int64 [N])`, where `rows` are rows of the training set, whose
    identities (codes 0..C-1) were given on construction. With `focal` above 0, a picture whose identity has the chance
    p counts (1 - p)^focal as much (Lin et al. 2017, section 3.2), so that what is learned already counts little.
    """

    def __init__(self, codes: torch.Tensor, dimension: int, scale: float, focal: float = 0.0):
        super().__init__()
        self.register_buffer("codes", codes)
        self.prototypes = Prototypes(int(codes.max()) + 1, dimension)
        self.scale, self.focal = scale, focal

    def start_at_means(self, embeddings: torch.Tensor):
        """Set each identity's prototype to the direction of the mean of its `embeddings` float32 [N,D], made unit."""
        directions = F.normalize(embeddings)
        means = torch.zeros_like(self.prototypes.weight.data).index_add_(0, self.codes, directions)
        # As long as random prototypes are on average, so that they turn as fast.
        self.prototypes.weight.data = F.normalize(means) * means.shape[1] ** 0.5

    def penalize(self, cosines: torch.Tensor, embeddings: torch.Tensor) -> torch.Tensor:
        """Return the cosines [N] with the true identity, made smaller by the margin; the plain softmax has none."""
        return cosines

    def regularizer(self, embeddings: torch.Tensor) -> torch.Tensor | float:
        """Return what is added to the cross-entropy; nothing, except in MagFace."""
        return 0.0

    def forward(self, embeddings: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
        codes = self.codes[rows]
        cosines = self.prototypes(embeddings)
        true = cosines.gather(1, codes[:, None])[:, 0]
        logits = self.scale * cosines.scatter(1, codes[:, None], self.penalize(true, embeddings)[:, None])
        return self._surprise(logits, codes) + self.regularizer(embeddings)

    def _surprise(self, logits: torch.Tensor, codes: torch.Tensor) -> torch.Tensor:
        if not self.focal:
            return F.cross_entropy(logits, codes)
        surprises = F.cross_entropy(logits, codes, reduction="none")
        # 1 - p, exact where p is almost 1; where it is 1, a power below 1 would have no finite gradient.
        left = -torch.expm1(-surprises).clamp(max=-torch.finfo(surprises.dtype).tiny)
        return (left**self.focal * surprises).mean()


def add_angle(cosines: torch.Tensor, margin: torch.Tensor | float) -> torch.Tensor:
    """Return cos(angle + margin), continued linearly where the sum would pass pi and the cosine would rise again."""
    angle = torch.acos(cosines.clamp(-1 + 1e-6, 1 - 1e-6))
    past = angle + margin > torch.pi
    return torch.where(past, -2 - torch.cos(angle + margin), torch.cos(angle + margin))

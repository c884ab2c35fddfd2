"""Batches of pictures through one attack: their size, seeds, and checks of what comes out."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import ModuleType

import numpy as np
import torch

from uncloak.attacks.surrogates import Surrogate
from uncloak.devices import resolve_precision
from uncloak.errors import InputError
from uncloak.halving import Halving
from uncloak.pictures.tensors import as_floats
from uncloak.seeds import derive_seed

_PIXELS = 2**16
_MOST = 32
View = Callable[[torch.Tensor], torch.Tensor]
Views = Callable[[slice], View]


class Runner:
    """An attack ready to run on batches.

    Args:
        attack: its name, which seeds and messages carry.
        method: its module.
        options: the module's `Options`.
        surrogates: frozen extractors in eval mode on `device`: float32 [B,3,S,S] RGB in [0,1] -> embeddings [B,D]. One
            that is listed twice counts twice.
        seed: of the experiment.
        device: where to compute.
        precision: of the surrogates' forward pass and its gradient alone; one of `uncloak.devices.PRECISIONS`.
        compile: whether the surrogates are compiled, in minutes, before their first batch.

    Raises:
        InputError: where there is no surrogate, or the precision is unknown.
    """

    def __init__(
        self,
        attack: str,
        method: ModuleType,
        options: object,
        surrogates: Sequence[Callable[[torch.Tensor], torch.Tensor]],
        seed: int,
        device: str | torch.device,
        precision: str,
        compile: bool,
    ):
        precision = resolve_precision(precision, str(device))
        if not surrogates:
            raise InputError(f"{attack}: has no surrogate; name at least one extractor")
        self.attack, self.seed, self.device = attack, seed, torch.device(device)
        self._method, self._options = method, options
        distinct = {id(surrogate): surrogate for surrogate in surrogates}
        ready = {key: Surrogate(surrogate, precision, compile) for key, surrogate in distinct.items()}
        self._surrogates = [ready[id(surrogate)] for surrogate in surrogates]
        self._compiled, self._halved = compile, Halving(attack)
        self._whole = whole_users(method)

    def workers(self, asked: int) -> int:
        """Return how many processes may compute batches side by side: one on a GPU, or where each would compile."""
        return 1 if self._compiled or self.device.type != "cpu" else asked

    def __call__(
        self,
        pictures: np.ndarray,
        names: Sequence[str],
        targets: np.ndarray | None,
        track: Callable,
        views: Views | None = None,
    ) -> np.ndarray:
        """Perturb one batch, in parts where a GPU has too little memory for it, unless it is a whole user's.

        Args:
            pictures: uint8 [B,H,W,3] RGB: square faces, or whole photographs where there are `views`.
            names: ids of the B pictures.
            targets: uint8 [B,S,S,3], the target face of each picture, or None.
            track: wraps the range of the attack's iterations.
            views: of rows of the batch, the differentiable map from their photographs [b,3,H,W] to faces [b,3,S,S].

        Returns:
            float32 [B,H,W,3] in grey levels 0..255, not yet cut to whole ones.

        Raises:
            InputError: where a surrogate or its gradient gives NaN, or a zero vector, naming the picture.
        """

        def run(rows: slice) -> np.ndarray:
            aims, view = None if targets is None else targets[rows], None if views is None else views(rows)
            return self._run(pictures[rows], names[rows], aims, track, view)

        if self._whole:
            return run(slice(None))
        return np.concatenate([result for _, result in self._halved(run, len(pictures))])

    def _run(
        self,
        pictures: np.ndarray,
        names: Sequence[str],
        targets: np.ndarray | None,
        track: Callable,
        view: View | None,
    ) -> np.ndarray:
        batch = self._to_floats(pictures)
        aims = None if targets is None else self._to_floats(targets)
        self._check(batch if view is None else view(batch), names)
        if aims is not None:
            self._check(aims, [f"{name} (its target)" for name in names])
        seeds = [derive_seed(self.seed, self.attack, name) for name in names]
        result = self._method.attack(
            batch, self._surrogates, self._options, seeds, targets=aims, view=view, track=track
        )
        broken = ~result.flatten(1).isfinite().all(dim=1)
        if broken.any():
            name = names[int(broken.int().argmax())]
            raise InputError(f"{self.attack}: a surrogate's gradient is not finite for '{name}'; check its weights")
        return result.mul(255).permute(0, 2, 3, 1).contiguous().cpu().numpy()

    @torch.no_grad()
    def _check(self, faces: torch.Tensor, names: Sequence[str]) -> None:
        for surrogate in dict.fromkeys(self._surrogates):
            embeddings = torch.cat([surrogate(part) for part in faces.split(_MOST)])
            useless = ~embeddings.isfinite().all(dim=1) | (embeddings == 0).all(dim=1)
            if useless.any():
                name, number = names[int(useless.int().argmax())], self._surrogates.index(surrogate) + 1
                raise InputError(
                    f"{self.attack}: surrogate {number} gives NaN or a zero vector for '{name}'; check its weights"
                )

    def _to_floats(self, pictures: np.ndarray) -> torch.Tensor:
        """uint8 [N,H,W,3] -> float32 [N,3,H,W] in [0,1], in rows."""
        return as_floats(pictures, self.device).contiguous()


def whole_users(method: ModuleType) -> bool:
    """Tell whether a method takes all pictures of a user at once: its module says WHOLE_USERS."""
    return getattr(method, "WHOLE_USERS", False)


def default_batch(side: int, device: str | torch.device) -> int:
    """Return how many pictures of `side` x `side` pixels are best computed together where nobody says.

    A GPU wants 32. On a processor as many do as have 65,536 pixels together, a power of two: 16 of 64 pixels, 4 of 112.
    Larger ones save some percent of the time (`tests/benchmarks/cores.py`), but a last batch that is filled up with
    copies takes as long as a full one, and a batch is what one core gets.
    """
    if torch.device(device).type != "cpu":
        return _MOST
    return min(_MOST, 1 << max(1, _PIXELS // side**2).bit_length() - 1)


def batches(count: int, size: int) -> Iterator[tuple[np.ndarray, slice]]:
    """Yield (rows, real): `size` row numbers each, the last batch filled up with copies of the last row, and the rows
    that are no copies.

    Raises:
        InputError: where the size is below 1.
    """
    if size < 1:
        raise InputError(f"batch_size is {size}; it must be at least 1")
    for start in range(0, count, size):
        yield np.minimum(np.arange(start, start + size), count - 1), slice(start, min(start + size, count))


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute with one CPU thread, because more of them round differently."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)

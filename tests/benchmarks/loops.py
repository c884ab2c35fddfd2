"""What attacks are measured against: bare passes of their surrogates, a straightforward loop; and a watch for steps."""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
import torch.nn.functional as F

from uncloak.attacks.terms.adadelta import Adadelta, decode, encode
from uncloak.attacks.terms.dssim import Dssim

BATCH = 32
Surrogate = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Work:
    """What an attack asks of each surrogate: passes per picture, and the rest of a step in outline.

    Attributes:
        before: forward passes before the first step, of clean (and target) faces.
        step: forward and input-gradient passes of every step.
        after: forward passes after the last step.
        tanh: whether a modifier in tanh space is moved by Adadelta, or the picture by its gradient's sign.
        options: of the attack, but for the number of steps.
    """

    before: int
    step: int
    after: int = 0
    tanh: bool = False
    options: Mapping[str, object] = field(default_factory=dict)


ATTACKS = {
    # Blurred and plain, each with its mirror picture.
    "lowkey": Work(before=2, step=4, options={"perceptual": "dssim", "perceptual_weight": 0.05}),
    "fawkes_v10": Work(before=1, step=1, tanh=True, options={"mode": "high"}),
    "fawkes_v03": Work(before=2, step=1, after=1, tanh=True, options={"mode": "high"}),
    "pgd": Work(before=1, step=1),
}


@dataclass(frozen=True)
class Savings:
    """What a loop saves against a straightforward one, and whether it joins branches, which does not save on a CPU."""

    frozen: bool = True
    cached: bool = True
    joined: bool = False
    channels_last: bool = True
    unsynchronized: bool = True
    batch: int = BATCH


def passes(surrogates: Sequence[Surrogate], views: Sequence[torch.Tensor]) -> None:
    """Pass views [N,3,S,S] through every surrogate, forth and back to the view: what a step cannot do without."""
    for surrogate in surrogates:
        for view in views:
            embeddings = surrogate(view)
            torch.autograd.grad(embeddings, view, torch.ones_like(embeddings))


def loop(
    pictures: np.ndarray,
    extractors: Sequence[torch.nn.Module],
    work: Work,
    steps: int,
    savings: Savings,
    track: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> None:
    """Make the steps of an attack in outline, with or without each saving, where the extractors are.

    Args:
        pictures: uint8 [N,S,S,3].
        extractors: frozen; as they were, afterwards.
        work, steps, savings: what to do.
        track: wraps the range of the steps of each batch.
    """
    arrange = channels_last if savings.channels_last else torch.Tensor.contiguous
    device = next(extractors[0].parameters()).device
    for extractor in extractors:
        extractor.requires_grad_(not savings.frozen).to(
            memory_format=torch.channels_last if savings.channels_last else torch.contiguous_format
        )
    for first in range(0, len(pictures), savings.batch):
        batch = torch.from_numpy(pictures[first : first + savings.batch]).to(device)
        clean = batch.permute(0, 3, 1, 2).float().contiguous() / 255
        start = encode(clean) if work.tanh else clean
        modifier = torch.full_like(clean, 1e-4)
        optimizer = Adadelta(modifier, 0.95, 1e-7, 15.0)
        references, distance = None, None
        for _ in track(range(steps)):
            if references is None or not savings.cached:
                with torch.no_grad():
                    views = [clean] * work.before
                    references = [_embed(extractor, views, arrange, savings.joined)[0] for extractor in extractors]
                distance = Dssim(clean)
            modifier.requires_grad_()
            perturbed = decode(start + modifier) if work.tanh else start + modifier
            loss = distance(perturbed).sum()
            views = [perturbed] if work.step == 1 else [perturbed, _blurred(perturbed)]
            views = views if work.step == 1 else [*views, *(view.flip(-1) for view in views)]
            for extractor, reference in zip(extractors, references, strict=True):
                embeddings = _embed(extractor, views, arrange, savings.joined)
                loss = loss - sum((F.normalize(each, dim=-1) - reference).square().sum() for each in embeddings)
            if savings.frozen:
                (gradient,) = torch.autograd.grad(loss, modifier)
            else:
                loss.backward()
                gradient = modifier.grad
                for extractor in extractors:
                    extractor.zero_grad()
            modifier = modifier.detach()
            if work.tanh:
                optimizer.step(modifier, gradient)
            else:
                modifier.sub_(gradient.sign(), alpha=0.0025)
            if not savings.unsynchronized:
                loss.item()
    for extractor in extractors:
        extractor.requires_grad_(False).to(memory_format=torch.contiguous_format)


def channels_last(faces: torch.Tensor) -> torch.Tensor:
    return faces.contiguous(memory_format=torch.channels_last)


def random_faces(count: int, side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def alternate(functions: Mapping[str, Callable], repeats: int) -> dict[str, list[float]]:
    """CPU seconds of every function, run in turn, `repeats` times after one turn that does not count."""
    seconds = {name: [] for name in functions}
    for _ in range(repeats + 1):
        for name, function in functions.items():
            start = time.process_time()
            function()
            seconds[name].append(time.process_time() - start)
    return {name: values[1:] for name, values in seconds.items()}


class Watch:
    """Times some steps of a loop, and ends it after them: a `track` for attacks.

    Args:
        device: waited for before and after what is timed, and not in between.
        warm: steps that go before and are not timed.
        most: the largest number of steps to time.
        limit: seconds that they may take, as the warm ones tell; one is timed in any case.
        clock: what to time by.

    Attributes:
        step: seconds of a step, on average, once the loop has ended.
        inside: seconds from the first step to the end of the last, those not timed included.
    """

    def __init__(
        self,
        device: torch.device,
        warm: int,
        most: int,
        limit: float = float("inf"),
        clock: Callable[[], float] = time.perf_counter,
    ):
        self.device, self.warm, self.most, self.limit, self.clock = device, warm, most, limit, clock
        self.step = self.inside = float("nan")

    def __call__(self, items: Iterable[int]) -> Iterator[int]:
        items, begin = iter(items), self._now()
        yield from itertools.islice(items, self.warm)
        start, done = self._now(), 0
        few = self.limit * self.warm / max(start - begin, 1e-9) if self.warm else self.most
        for item in itertools.islice(items, int(max(1, min(self.most, few)))):
            yield item
            done += 1
        end = self._now()
        self.step, self.inside = (end - start) / max(done, 1), end - begin

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return self.clock()


def _embed(extractor: Surrogate, views: list[torch.Tensor], arrange: Callable, joined: bool) -> list[torch.Tensor]:
    """Embed views of the same faces, in one pass or in one for each."""
    if joined:
        return list(extractor(arrange(torch.cat(views))).chunk(len(views)))
    return [extractor(arrange(view)) for view in views]


def _blurred(faces: torch.Tensor) -> torch.Tensor:
    offsets = torch.arange(-3, 4.0, device=faces.device)
    line = torch.softmax(-offsets.square() / 18, dim=0)
    kernel = (line[:, None] * line).expand(3, 1, 7, 7)
    return F.conv2d(F.pad(faces, (3, 3, 3, 3), mode="reflect"), kernel, groups=3)

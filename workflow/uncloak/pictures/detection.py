"""Face detection: the MTCNN of facenet-pytorch (Zhang et al. 2016), whose weights ship in its wheel."""

from collections.abc import Sequence
from importlib.resources import as_file, files
from typing import NamedTuple

import numpy as np
import torch

_THRESHOLDS = (0.6, 0.7, 0.7)
_PYRAMID_FACTOR = 0.709


class Candidates(NamedTuple):
    """The F faces found in a picture, in pixels of that picture (0, 0 is the center of the top left pixel).

    boxes: float32 [F,4] (left, top, right, bottom); probabilities: float32 [F]; landmarks: float32 [F,5,2] (x, y) of
    the left eye, right eye, nose, left and right mouth corner, where left is the viewer's.
    """

    boxes: np.ndarray
    probabilities: np.ndarray
    landmarks: np.ndarray


_NONE = Candidates(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty((0, 5, 2), np.float32))


class Detector:
    """MTCNN with the published weights.

    minimum_face: the smallest face looked for, in pixels; smaller costs more time.
    """

    def __init__(self, minimum_face: int = 40, device: str | torch.device = "cpu"):
        # Imported here because it brings in all of torchvision, which takes seconds.
        from facenet_pytorch.models.mtcnn import ONet, PNet, RNet

        self.minimum_face = minimum_face
        self.device = torch.device(device)
        self._networks = []
        for network, name in ((PNet, "pnet"), (RNet, "rnet"), (ONet, "onet")):
            module = network(pretrained=False)
            with as_file(files("facenet_pytorch") / "data" / f"{name}.pt") as path:
                # The package's own loader leaves it to torch's default whether pickled objects may run; this does not.
                module.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
            # Channels last halves the time on a CPU, where pooling is slow in the usual layout.
            self._networks.append(module.eval().to(self.device, memory_format=torch.channels_last))

    def detect(self, pictures: Sequence[np.ndarray]) -> list[Candidates]:
        """Find the faces of `pictures`, uint8 [H,W,3] RGB each, of any sizes.

        Pictures go through the networks one by one, on one CPU thread: a batch or more threads would change the last
        bits of the landmarks, and the candidate windows of one picture already fill a batch.
        """
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return [self._detect(picture) for picture in pictures]
        finally:
            torch.set_num_threads(threads)

    @torch.inference_mode()
    def _detect(self, picture: np.ndarray) -> Candidates:
        from facenet_pytorch.models.utils.detect_face import detect_face

        if min(picture.shape[:2]) <= self.minimum_face:
            # The image pyramid would have no level at all.
            return _NONE
        batch = picture[None].copy()
        boxes, landmarks = detect_face(
            batch, self.minimum_face, *self._networks, list(_THRESHOLDS), _PYRAMID_FACTOR, self.device
        )
        if len(boxes[0]) == 0:
            return _NONE
        found = np.asarray(boxes[0], dtype=np.float32)
        return Candidates(found[:, :4], found[:, 4], np.asarray(landmarks[0], dtype=np.float32))


def most_central(candidates: Candidates, width: int, height: int) -> int:
    """Return the index of the face whose box center is nearest to the center of a `width` x `height` picture.

    The more probable face wins a tie. Raises ValueError where there is no face.
    """
    if len(candidates.boxes) == 0:
        raise ValueError("no faces to choose from")
    centers = (candidates.boxes[:, :2] + candidates.boxes[:, 2:]) / 2
    distances = np.hypot(centers[:, 0] - (width - 1) / 2, centers[:, 1] - (height - 1) / 2)
    return int(np.lexsort((-candidates.probabilities, distances))[0])

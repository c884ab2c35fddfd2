"""The real dlib: its own network code, with the weights that PyPI's face_recognition_models ships."""

from collections.abc import Callable

import dlib
import numpy as np

from uncloak.errors import InputError
from uncloak.extractors import published
from uncloak.fetching import in_package
from uncloak.published_files import PublishedFile

_FILE = PublishedFile(
    "models/dlib_face_recognition_resnet_model_v1.dat",
    sha256="55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
    package="face_recognition_models",
)
_SIDE = 150


def build() -> Callable[[np.ndarray], np.ndarray]:
    """Return a function of chips uint8 [N,150,150,3], RGB -> [N,128]: dlib's `compute_face_descriptor`, as it is.

    Raises InputError where the weights' package is missing or its file another; the function, where chips are of
    another size.
    """
    # Found, not imported: the package asks for a part of setuptools that is there no more.
    path = in_package(_FILE)
    if path is None:
        raise InputError(f"black box dlib: the package {_FILE.package} is missing; install it (the extra `dlib`)")
    published.check(path, _FILE.digits, f"install {_FILE.package} again")
    model = dlib.face_recognition_model_v1(str(path))

    def embed(faces: np.ndarray) -> np.ndarray:
        if faces.shape[1:] != (_SIDE, _SIDE, 3):
            raise InputError(f"black box dlib: takes chips of {_SIDE} x {_SIDE} pixels; set crop.size to them")
        return np.array(model.compute_face_descriptor(list(faces)))

    return embed

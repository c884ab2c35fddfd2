"""The camera: exposure, white balance, tone curve, blur and noise; from linear light to an 8-bit picture."""

import numpy as np
from PIL import Image, ImageFilter

from uncloak.drawn.nuisance import Circumstances
from uncloak.seeds import generator

_LEAST_BLUR = 0.15


def _eight_bit(picture: np.ndarray) -> np.ndarray:
    """Return `picture` rounded to uint8; it is overwritten."""
    picture += 0.5
    np.maximum(picture, 0.0, out=picture)
    return np.minimum(picture, 255.0, out=picture).astype(np.uint8)


def develop(canvas: np.ndarray, circumstances: Circumstances, blur: float, view: str) -> np.ndarray:
    """Return the linear-light `canvas` [3,S,S], which is overwritten, as a picture uint8 [S,S,3].

    `blur` is the Gaussian's standard deviation in pixels; `view` names the stream of the noise.
    """
    balance = np.array(circumstances.white_balance, np.float32).reshape(3, 1, 1)
    canvas *= balance * circumstances.exposure
    np.maximum(canvas, 1e-4, out=canvas)
    # a shoulder instead of hard clipping: bright light saturates softly
    canvas *= 1.12 / (0.42 + canvas)
    np.power(canvas, 0.72 * circumstances.gamma, out=canvas)
    canvas *= 255.0
    picture = np.ascontiguousarray(canvas.transpose(1, 2, 0))
    if blur > _LEAST_BLUR:
        blurred = Image.fromarray(_eight_bit(picture)).filter(ImageFilter.GaussianBlur(blur))
        picture = np.asarray(blurred).astype(np.float32)
    if circumstances.noise > 0.0:
        noise = generator(circumstances.noise_seed, view).standard_normal(picture.shape, np.float32)
        noise *= 255.0 * circumstances.noise
        picture += noise
    return _eight_bit(picture)

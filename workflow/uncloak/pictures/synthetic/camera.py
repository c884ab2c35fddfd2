"""The camera: exposure, white balance, tone curve, blur and noise; from linear light to an 8-bit picture."""

import numpy as np
from PIL import Image, ImageFilter

from uncloak.pictures.synthetic.nuisance import Circumstances
from uncloak.seeds import generator

_LEAST_BLUR = 0.15


def develop(canvas: np.ndarray, circumstances: Circumstances, blur: float, view: str) -> np.ndarray:
    """Return the linear-light `canvas` [3,S,S] as a picture uint8 [S,S,3].

    `blur` is the Gaussian's standard deviation in pixels; `view` names the stream of the noise.
    """
    balance = np.array(circumstances.white_balance, np.float32).reshape(3, 1, 1)
    canvas *= balance * circumstances.exposure
    np.clip(canvas, 1e-4, None, out=canvas)
    # a shoulder instead of hard clipping: bright light saturates softly
    canvas *= 1.18 / (0.42 + canvas)
    canvas *= 0.80
    display = np.power(canvas, 0.62 * circumstances.gamma)
    display *= 255.0
    picture = np.clip(display, 0.0, 255.0).transpose(1, 2, 0)
    if blur > _LEAST_BLUR:
        soft = Image.fromarray(np.rint(picture).astype(np.uint8)).filter(ImageFilter.GaussianBlur(blur))
        picture = np.asarray(soft, np.float32)
    if circumstances.noise > 0.0:
        noise = generator(circumstances.noise_seed, view).standard_normal(picture.shape, np.float32)
        noise *= 255.0 * circumstances.noise
        picture = picture + noise
    return np.rint(np.clip(picture, 0.0, 255.0)).astype(np.uint8)

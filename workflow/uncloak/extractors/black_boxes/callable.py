"""A function of the user's own, in this process: a model, or a service asked over the network."""

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Annotated

import numpy as np
from pydantic import Field

from uncloak.errors import InputError


def build(function: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")]) -> Callable[[np.ndarray], object]:
    """Return the function: face crops uint8 [N,H,W,3], RGB -> [N,D].

    Args:
        function: `package.module:function`, found on PYTHONPATH or in the folder where the run is started.

    Raises InputError where the module has no such function, and whatever its import raises.
    """
    module, _, name = function.partition(":")
    # Last, so that what lies there hides no package.
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    found = getattr(import_module(module), name, None)
    if not callable(found):
        raise InputError(f"black box callable: {module} has no function {name}; write it, or correct box.function")
    return found

"""JSON inside a page's script element: whatever people and pictures are called, it ends where the page says.

A browser ends the element at the first `</script`, and reads on differently after `<!--`, also inside of a string.
"""

import json
from typing import Any


def json_for_script(value: Any) -> str:
    """Return `value` as JSON that may stand in a script element: without the sign that begins a tag."""
    # Outside of strings JSON has no such sign, and inside of them this is another spelling of it.
    return json.dumps(value).replace("<", "\\u003c")

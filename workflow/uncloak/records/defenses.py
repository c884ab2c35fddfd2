"""Defenses: what the trainer does about cloaks (`uncloak.defenses`)."""

from typing import Any

from pydantic import ValidationInfo, field_validator, model_validator

from uncloak.records import plugins
from uncloak.records.base import Name, Record, Text, fault, field

# Where a defense may act, and all but `extractor` by a function of this name.
HOOKS = ("faces", "gallery", "growth", "extractor", "answer")


class Defense(Record):
    """What the trainer does about cloaks."""

    label: Text = field("Name in figures.")
    method: Name = field("A module of uncloak/defenses.")
    probes: bool = field("Whether probes are treated, too, where it treats faces.", False)
    scraped: bool = field(
        "Whether scraped faces are, as all that a trainer does; where not, probes alone are, as by a poorer camera.",
        True,
    )
    options: Any = field("Options of the method.", {}, validate_default=True)

    @field_validator("method")
    @classmethod
    def _known(cls, method: str) -> str:
        plugins.find(plugins.DEFENSE, method)
        _hooked(method)
        return method

    @field_validator("options")
    @classmethod
    def _typed(cls, options: object, info: ValidationInfo) -> object:
        return plugins.read(plugins.DEFENSE, info.data["method"], options) if "method" in info.data else options

    @model_validator(mode="after")
    def _fit(self) -> "Defense":
        if self.probes and "faces" not in plugins.constant(plugins.DEFENSE, self.method, "HOOKS"):
            raise fault(f"`probes` is for defenses that treat faces, which {self.method} does not; remove it")
        if not self.scraped and not self.probes:
            raise fault("neither scraped faces nor probes are treated; set `probes: true`, or remove `scraped`")
        return self


def _hooked(method: str) -> None:
    """Refuse a module whose hooks are none that there are, or lack their functions."""
    place = f"uncloak/defenses/{method}.py"
    try:
        hooks = plugins.constant(plugins.DEFENSE, method, "HOOKS")
    except ValueError:  # no literal
        hooks = None
    if not isinstance(hooks, tuple) or not hooks or set(hooks) - set(HOOKS):
        raise fault(f'HOOKS in {place} must be a tuple of {", ".join(HOOKS)}, such as ("faces",); mend it')
    for hook in hooks:
        if hook != "extractor" and not plugins.has_function(plugins.DEFENSE, method, hook):
            raise fault(f"{place} has the hook {hook}, but no function of this name; write it")
    if {"growth", "answer"} <= set(hooks):
        raise fault(f"{place} has the hooks growth and answer, which do not go together; leave one out")

"""What all records share: they are frozen, take no unknown key and no value of a neighboring type."""

import datetime
from typing import Annotated, Any, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from uncloak.records.words import brief, suggestion


def fault(reason: str) -> PydanticCustomError:
    """Return the error that says, of the place where it is raised, what is wrong and what to do about it."""
    return PydanticCustomError("fault", "{reason}", {"reason": reason})


class Record(BaseModel):
    """A mapping of the configuration as an object."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,  # 4.0 is no integer, "4" is no number and 1 is not true
        allow_inf_nan=False,
        defer_build=True,  # of the records a configuration holds only
        populate_by_name=False,
    )

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, values: Any) -> Any:
        if not isinstance(values, dict) or cls.model_config["extra"] == "allow":
            return values
        known = keys(cls)
        for key in values:
            if key not in known:
                raise fault(_unknown(cls, key, known))
        return values


def keys(kind: type[BaseModel]) -> list[str]:
    """Return the keys that a record of this kind may have."""
    return [field.alias or name for name, field in kind.model_fields.items()]


def _unknown(kind: type[Record], key: str, known: list[str]) -> str:
    siblings = [sibling for parent in kind.__bases__ for sibling in parent.__subclasses__()]
    if kind.__bases__ != (Record,) and any(key in keys(sibling) for sibling in siblings):
        return f"'{key}' has no place in a record of this kind; remove it (in an overlay: `{key}: null`)"
    return f"there is no key '{brief(key)}'; {suggestion(key, known)}"


def field(description: str, default: Any = ..., *, unit: str = "", **bounds: Any) -> Any:
    """Return a field with its meaning, its unit and its bounds (pydantic's: ge, gt, le, lt, min_length, alias, ...).

    Unless a default is given, a record must have it.
    """
    return Field(default, description=description, json_schema_extra={"unit": unit} if unit else None, **bounds)


def _date(value: object) -> datetime.date:
    try:
        if isinstance(value, str) and len(value) == len("2021-01-19"):
            return datetime.date.fromisoformat(value)
    except ValueError:
        pass
    reason = f'{brief(repr(value))} is no date; write a day that there is, in quotes: "2021-01-19"'
    raise fault(reason)


def unique(values: tuple) -> tuple:
    for place, value in enumerate(values):
        if value in values[:place]:
            raise fault(f"'{value}' stands twice; name it once")
    return values


def one_of(key: str, kinds: dict[str, type[Record]], default: str | None = None, other: str | None = None) -> Any:
    """Return the type of records whose `key` says which of these kinds they are.

    default: the kind of a record without the key; other: that of records of unknown kinds.
    The kind stands in pointed brackets in places of errors, which no key of a configuration has.
    """

    def tag(values: Any) -> str | None:
        value = values.get(key, default) if isinstance(values, dict) else getattr(values, key, None)
        known = isinstance(value, str) and value in kinds
        return f"<{value}>" if known else other and value is not None and f"<{other}>"

    members = tuple(Annotated[kind, Tag(f"<{name}>")] for name, kind in kinds.items())
    return Annotated[Union[members], Discriminator(tag, "kind", f"{key}: {', '.join(kinds)}")]  # noqa: UP007


def listed(kind: Any, least: int = 0, most: int | None = None) -> Any:
    """Return the type of a list, which becomes a tuple, of so many values of `kind`."""
    return Annotated[tuple[kind, ...], Strict(False), Field(min_length=least, max_length=most)]


# `$` is the very end in pydantic's regular expressions, so no line break can follow a name.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+$", max_length=64)]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1, le=10**9)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Triple = listed(float, 3, 3)
AnyNames = Annotated[listed(Name), AfterValidator(unique)]
Names = Annotated[listed(Name, 1), AfterValidator(unique)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Seeds = Annotated[listed(Seed), AfterValidator(unique)]
Source = Text | None
Released = Annotated[datetime.date, BeforeValidator(_date)]

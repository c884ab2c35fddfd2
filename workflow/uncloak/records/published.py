"""Files of published weights: where they are from, and by which hash they are known."""

from pathlib import PurePath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ValidationInfo, model_validator

from uncloak.records.base import Count, Record, Text, fault, field
from uncloak.records.words import brief

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
# What says where a file is from restales nothing: its hash says what it is.
WORDS = ("origin", "url", "size", "licence", "paper", "package")
# The context in which records are validated that jobs get.
WITHOUT_WORDS = "without words"


def _safe(url: str) -> str:
    try:
        parts = urlsplit(url)
        safe = parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK))
    except ValueError:
        safe = False
    if not safe:
        raise fault(f"{url!r} is no address that files are fetched from; write https://HOST/PATH")
    return url


def _a_file(path: str) -> str:
    if path.endswith("/") or PurePath(path).name in ("", ".."):
        raise fault(f"{brief(repr(path))} names no file; write the name of one")
    return path


class Published(Record):
    """A file of published weights, in the folder `weights`, in a package, or fetched."""

    file: Annotated[Text, AfterValidator(_a_file)] = field(
        "Name in the folder `weights`; of a `package`'s file, its path in the package."
    )
    origin: Text | None = field("Where to get the file, in words; not needed beside `url` or `package`.", None)
    url: Annotated[Text, AfterValidator(_safe)] | None = field(
        "Where it is fetched, once, where it is needed and not at hand (https).", None
    )
    size: Count | None = field("Of the file, told before it is fetched.", None, unit="bytes")
    licence: Text | None = field("Of the weights.", None)
    paper: Text | None = field("Where the model was published.", None)
    package: str | None = field(
        "Python package that ships the file and need not be there; it is not imported.",
        None,
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
    )

    @model_validator(mode="after")
    def _from_somewhere(self, info: ValidationInfo) -> "Published":
        told = info.context != WITHOUT_WORDS
        if told and not (self.origin or self.url or self.package):
            raise fault("says not where the file is from; give it a url, a package or an origin")
        return self

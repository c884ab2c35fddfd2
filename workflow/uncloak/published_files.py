"""Files of published weights, by what records and our own code tell of them: hash, origin, terms."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

# torchvision and timm write the first digits of a file's sha256 into its name.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.\w+$")


@dataclass(frozen=True)
class PublishedFile:
    """A file of published weights, as its record tells of it (`uncloak.records.published`).

    Attributes:
        file: its name in the user's folder, or its path in the package.
        sha256: its hash in hexadecimal, or its first digits; those that end its name, unless given.
        origin: where to get it, in words.
        url: where to fetch it.
        size: in bytes.
        licence: of the weights.
        package: one that ships it.
        extra: of ours, which brings the package.
    """

    file: str
    sha256: str | None = None
    origin: str | None = None
    url: str | None = None
    size: int | None = None
    licence: str | None = None
    package: str | None = None
    extra: str | None = None

    @classmethod
    def of(cls, weights: Mapping) -> "PublishedFile":
        """Return the file that the `weights` of a record tell of, also where a job's lack the words."""
        known = {field.name for field in fields(cls)}
        return cls(**{key: value for key, value in weights.items() if key in known})

    @property
    def name(self) -> str:
        """Its name in the user's folder: a package's folders are its own."""
        return Path(self.file).name if self.package else self.file

    @property
    def digits(self) -> str:
        """What is known of its hash; may be empty."""
        return self.sha256 or digits_in(self.file)

    @property
    def fetchable(self) -> bool:
        """Whether it can be fetched: what has no hash would be anything."""
        return bool(self.url and self.digits)

    @property
    def source(self) -> str:
        """Where it is from, in words."""
        return self.origin or self.url or f"the package {self.package}"

    @property
    def advice(self) -> str:
        """How to get it, after its place."""
        if self.extra:
            return f"install uncloak[{self.extra}]"
        if self.package:
            return f"install the package {self.package}, which ships it (resources/README.md)"
        if self.origin or self.url:
            return f"get it from {self.source}, or set `weights` (resources/README.md)"
        return "see resources/README.md"


# What our own code builds on, beside what records name.
OURS = {
    "alexnet": PublishedFile(
        file="alexnet-owt-7be5be79.pth",
        sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
        url="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
        size=244_408_911,
        licence="BSD-3-Clause",
    ),
    "mobilenet_v2": PublishedFile(
        file="mobilenet_v2-b0353104.pth",
        url="https://download.pytorch.org/models/mobilenet_v2-b0353104.pth",
        licence="BSD-3-Clause",
    ),
    "stlpips": PublishedFile(
        file="weights/vST0.0/alex_shift_tolerant.pth",
        sha256="b356b382f96010f77d085ee8343ecd9fd322d0a56e8de2b2d0549fafcad8b9ee",
        size=9_899_296,
        licence="BSD-2-Clause",
        package="stlpips_pytorch",
        extra="stlpips",
    ),
}


def digits_in(name: str) -> str:
    """Return the digits of its sha256 that end a file's name, before the suffix; none where there are none."""
    found = _HASH_IN_NAME.search(name)
    return found[1] if found else ""


def file_of(config: Mapping, what: str) -> PublishedFile | None:
    """Return the file that `what` stands for; None where it stands for no file.

    what: a name of `OURS`, or KIND.NAME, a record of the configuration whose `weights` are published.
    """
    if what in OURS:
        return OURS[what]
    kind, _, name = what.partition(".")
    told = config[kind][name].get("weights") if name else None
    return PublishedFile.of(told) if isinstance(told, Mapping) else None

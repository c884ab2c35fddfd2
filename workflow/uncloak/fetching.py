"""Where files of published weights are: in the user's folder, in an installed package, or fetched once into a cache.

A record names the file by its hash, so that it is the same file wherever it comes from, and no result says where that
was. The cache lies outside the repository: pooch's folder for the user, or the one that UNCLOAK_CACHE names.
"""

import errno
import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from uncloak.errors import InputError
from uncloak.files import beside
from uncloak.folders import below
from uncloak.progress import Progress
from uncloak.published_files import PublishedFile, file_of

_CHUNK = 1 << 16  # what a cut connection loses at most
_MB = 1e6
_PATIENCE = 30  # seconds without a byte
_TRIES = 3  # in a row that bring nothing
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


def cache() -> Path:
    """Return the folder that fetched files are kept in, which need not be there."""
    import pooch  # jobs that fetch nothing do without it

    return Path(os.environ.get("UNCLOAK_CACHE") or pooch.os_cache("uncloak")).expanduser().absolute()


def listings() -> Path:
    """Return the folder in which it is kept what the user's folders contain, so that planning need not read them."""
    return cache() / "listings"


def in_package(file: PublishedFile) -> Path | None:
    """Return where a package's file belongs, without importing the package; None where there is no such package."""
    spec = find_spec(file.package) if file.package else None
    return Path(spec.origin).parent / file.file if spec and spec.origin else None


def find(file: PublishedFile, folder: str) -> Path | None:
    """Return where a file is: in the user's `folder`, in its package, or fetched before; None where it is nowhere."""
    places = [below(folder, file.name), in_package(file), _kept(file)]
    return next((place for place in places if place and os.path.exists(place)), None)  # also of a name too long


def obtain(config: Mapping, what: str) -> Path | None:
    """Return where the file that `what` stands for (see `file_of`) is; one that is nowhere is fetched.

    A fetched file has its hash; that of one in the user's folder or in a package is for the reader to check.

    Raises InputError, in one line, where the file cannot be fetched, or what is fetched is another.
    """
    file = file_of(config, what)
    if not file:
        return None
    found = find(file, config["weights"])
    if found and (found != _kept(file) or _is(found, file)):
        return found
    wanted = below(config["weights"], file.name)
    if not file.fetchable:
        raise InputError(f"{wanted}: not found; {file.advice}")
    return _fetch(file, _kept(file), wanted)


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Let one process at a time make what belongs at `place`; its folder is made, and nothing left beside it."""
    place.parent.mkdir(parents=True, exist_ok=True)
    path = beside(place, "", ".lock")
    while True:
        with open(path, "w") as lock:
            _wait(lock.fileno())
            if not _same(path, lock.fileno()):
                continue  # whoever had it has removed it
            try:
                yield
            finally:
                path.unlink(missing_ok=True)
            return


def _wait(descriptor: int) -> None:
    """Wait for the lock of a file; without one where the file system has none, for what is fetched has its hash."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise


def _same(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _kept(file: PublishedFile) -> Path | None:
    """Where a file is in the cache, among those of its hash; only what has one is kept."""
    return cache() / "weights" / file.digits[:16] / Path(file.file).name if file.digits else None


def _is(path: Path, file: PublishedFile) -> bool:
    with open(path, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest().startswith(file.digits)


def _fetch(file: PublishedFile, place: Path, wanted: Path) -> Path:
    """Fetch a file to its place in the cache, unless another process does so first; see `obtain`."""
    import pooch
    from requests import RequestException

    pooch.get_logger().setLevel("WARNING")  # progress goes where ours does
    try:
        with alone(place):
            if not (place.exists() and _is(place, file)):
                place.unlink(missing_ok=True)  # damaged since
                download = partial(_download, file=file, part=beside(place, "", ".part"))
                pooch.retrieve(file.url, None, fname=place.name, path=place.parent, downloader=download)
    except RequestException as error:
        raise InputError(
            f"{file.name}: cannot be fetched from {file.url} ({_reason(error)}); go online, or get it elsewhere and put"
            f" it into {wanted.parent}"
        ) from None
    except OSError as error:
        raise InputError(
            f"{place}: cannot be written ({error.strerror or error}); make room, or set UNCLOAK_CACHE to another folder"
        ) from None
    return place


def _download(url: str, output: str, pooch: object, file: PublishedFile, part: Path) -> None:
    """Fetch `url` to the file `output`, through `part`, which keeps what came before a connection was cut.

    Raises requests' errors, and InputError where what came is another file; then `part` is no more.
    """
    import requests

    failed = 0
    while True:
        before = _length(part)
        try:
            _go_on(url, part, file)
            break
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError):
            failed = 0 if _length(part) > before else failed + 1
            if failed == _TRIES:
                raise
    if not _is(part, file):
        part.unlink()
        raise InputError(
            f"{file.name}: what {url} gives has another sha256 than {file.digits[:12]}..., and is not kept; tell the"
            " record's author, or name another `url`"
        )
    os.replace(part, output)


def _go_on(url: str, part: Path, file: PublishedFile) -> None:
    """Fetch what `part` lacks, all of it where a server does not go on in the middle."""
    import requests

    start = _length(part)
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=_PATIENCE) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return  # it is whole, or another: its hash tells
        answer.raise_for_status()
        start = start if answer.status_code == requests.codes.partial_content else 0
        total = start + int(answer.headers.get("Content-Length") or file.size or 0)
        with (
            open(part, "ab" if start else "wb") as content,
            Progress(total / _MB, f"Fetch {file.name}", "MB") as progress,
        ):
            for chunk in answer.iter_content(_CHUNK):
                content.write(chunk)
                progress.reach(content.tell() / _MB)


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _reason(error: Exception) -> str:
    """The reason alone: requests tells of addresses in memory, too."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    return f"the server answers {status}" if status else type(error).__name__

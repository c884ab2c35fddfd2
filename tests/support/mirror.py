"""A server of files on loopback, which goes on in the middle of a file and can be told to fail."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror(ThreadingHTTPServer):
    """Files by name, and what was asked of them.

    Attributes:
        files: name -> content.
        asked: (name, first byte asked for) of every request.
        cuts: after how many bytes of an answer its connection is cut, one number for each of the next answers.
        goes_on: whether it answers from the middle of a file.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files, self.asked, self.cuts, self.goes_on = files, [], [], True

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name, mirror = self.path.removeprefix("/"), self.server
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(asked[1]) if asked and mirror.goes_on else 0
        mirror.asked.append((name, start))
        content = mirror.files.get(name)
        if content is None or start >= len(content):
            self.send_error(404 if content is None else 416)
            return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        content = content[start:]
        self.wfile.write(content[: mirror.cuts.pop(0)] if mirror.cuts else content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def mirror(files: dict[str, bytes]) -> Iterator[Mirror]:
    """Serve `files` while the context lasts."""
    with Mirror(files) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()

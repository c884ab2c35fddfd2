"""A real browser without a window, driven by the WebDriver protocol, to test pages as people see them."""

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars")
_SWITCHES += ("--disable-background-networking", "--no-first-run")
_SECONDS = 120


class Browser:
    """A tab: open a page, look at it at a width and in a color scheme, and ask what it logged and requested."""

    def __init__(self, session: str):
        self._session = session

    def open(self, path: Path, width: int = 1200, height: int = 900, scheme: str = "light", media: str = ""):
        """Show a file on a screen of this many points; `scheme` is "light" or "dark", `media` may be "print"."""
        self.log("browser"), self.log("performance")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._devtools("Emulation.setDeviceMetricsOverride", **size)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self._devtools("Emulation.setEmulatedMedia", media=media, features=features)
        self._post("url", {"url": path.as_uri()})

    def run(self, script: str):
        """Return what JavaScript returns: the browser's own, which a page that forbids scripts does not stop."""
        return self._post("execute/sync", {"script": script, "args": []})

    def log(self, kind: str, level: str = "") -> list[str]:
        """Return and forget the messages of a log: "browser" (the console) or "performance" (what was requested).

        Those of a level alone, such as "SEVERE", if it is named.
        """
        entries = self._post("se/log", {"type": kind})
        return [entry["message"] for entry in entries if level in ("", entry["level"])]

    def requests(self) -> list[str]:
        """Return the addresses that were requested since the page was opened, images in the page left out."""
        events = [json.loads(message)["message"] for message in self.log("performance")]
        sent = [event["params"] for event in events if event["method"] == "Network.requestWillBeSent"]
        return [each["request"]["url"] for each in sent if not each["request"]["url"].startswith("data:")]

    def picture(self, path: Path):
        """Save the whole page, however long, as PNG."""
        taken = self._devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(taken["data"]))

    def printed(self, path: Path):
        """Save the page as it is printed, as PDF."""
        printed = self._devtools("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(printed["data"]))

    def _devtools(self, command: str, **parameters):
        return self._post("goog/cdp/execute", {"cmd": command, "params": parameters})

    def _post(self, command: str, body: dict):
        return _ask("POST", f"{self._session}/{command}", body)


@contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """Start a browser with an empty profile; skip the test where Chromium or its driver is not installed."""
    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not (chromium and driver):
        pytest.skip("needs Chromium and chromedriver")
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = next(line.split()[-1].rstrip(".") for line in process.stdout if "started successfully on port" in line)
        options = {"binary": chromium, "args": [*_SWITCHES, f"--user-data-dir={profile}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        server = f"http://127.0.0.1:{port}/session"
        session = f"{server}/{_ask('POST', server, {'capabilities': {'alwaysMatch': wanted}})['sessionId']}"
        try:
            tab = Browser(session)
            tab._post("url", {"url": "about:blank"})  # the page of a new tab requests much
            yield tab
        finally:
            _ask("DELETE", session)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def _ask(method: str, url: str, body: dict | None = None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"}, method=method)
    # A proxy of the machine's has no part in what stays on it.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=_SECONDS) as answer:
        return json.load(answer)["value"]

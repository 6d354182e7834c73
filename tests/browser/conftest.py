from __future__ import annotations

import shutil
import time
from weakref import WeakKeyDictionary

import pytest

from tests.server import serve

FLAGS = [
    "--no-sandbox",
    "--use-gl=swiftshader",
    "--enable-unsafe-swiftshader",
    "--ignore-gpu-blocklist",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="session")
def chromium():
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("no Chromium on this machine")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address(chromium, tmp_path_factory):
    with serve(tmp_path_factory.mktemp("page")) as address:
        yield address


class Watched:
    """A browser page that remembers its errors, which hosts it asked, and what was not answered yet."""

    def __init__(self, page, address: str) -> None:
        self.page, self.errors, self.hosts, self.waiting = page, [], set(), set()
        self.since = time.monotonic()
        WATCHED[page] = self
        page.on(
            "console", lambda message: self.errors.append(message.text) if message.type == "error" else None
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "request",
            lambda request: self.hosts.add(request.url.split("/")[2]) if "//" in request.url else None,
        )
        page.on("request", self.asked)
        page.on("requestfinished", self.answered)
        page.on("requestfailed", self.answered)  # the page itself breaks the stream of answers off
        page.goto(address, wait_until="load")
        page.wait_for_selector("#masthead")

    def calm(self) -> bool:
        """Nothing was asked or answered for a while; a longer one where a stream of answers was left open."""
        asking = any("/queue/" in request.url for request in self.waiting)
        return time.monotonic() - self.since > (3 if asking else 0.6)

    def asked(self, request) -> None:
        self.waiting.add(request)
        self.since = time.monotonic()

    def answered(self, request) -> None:
        self.waiting.discard(request)
        self.since = time.monotonic()


WATCHED: WeakKeyDictionary = WeakKeyDictionary()  # of each page


def settle(page, patience: float = 60) -> None:
    """Wait until the page has asked all it had to: every question is answered, and no answer has raised another."""
    until = time.monotonic() + patience
    while not WATCHED[page].calm():
        assert time.monotonic() < until, [request.url for request in WATCHED[page].waiting]
        page.wait_for_timeout(100)


@pytest.fixture
def visit(chromium, address):
    """Open the page at a width; afterwards no error was logged and no other host was asked."""
    opened = []
    forgiven = []

    def open_page(
        width: int = 1280,
        height: int = 1000,
        scheme: str = "light",
        expected: str = "no message",
        path: str = "",
        permissions: list[str] | None = None,
    ):
        forgiven.append(expected)
        size = {"width": width, "height": height}
        context = chromium.new_context(viewport=size, color_scheme=scheme, permissions=permissions or [])
        opened.append((context, Watched(context.new_page(), address + path)))
        return opened[-1][1].page

    yield open_page
    for context, watched in opened:
        context.close()
        assert [error for error in watched.errors if not any(text in error for text in forgiven)] == []
        assert watched.hosts <= {address.split("/")[2], ""}

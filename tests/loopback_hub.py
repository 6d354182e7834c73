"""A Hub of one's own on 127.0.0.1, over real HTTP and for the real client: repositories, commits, LFS, and faults.

Large files (LFS: .safetensors and .bin) are on a second port, as the real Hub has them on another host, and files on
disk are never read whole. Start the process under test with `hub.environment(home)`.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote, urlsplit

Content = bytes | Path
CHUNK = 1 << 18
LFS = (".safetensors", ".bin")


@dataclass(frozen=True)
class Blob:
    """One file's bytes. checksum: sha256 for LFS, git's sha1 otherwise."""

    content: Content
    size: int
    checksum: str
    lfs: bool

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        with io.BytesIO(self.content) if isinstance(self.content, bytes) else self.content.open("rb") as file:
            yield file


@dataclass
class Repository:
    """refs: the commits of a revision, newest last. commits: files by name. gated: only for whoever sends a token."""

    refs: dict[str, list[str]] = field(default_factory=dict)
    commits: dict[str, dict[str, Blob]] = field(default_factory=dict)
    gated: bool = False


@dataclass
class Fault:
    """What happens to a file's body, `times` times: "wrong" (of the right length), "cut" or "reset" half way."""

    kind: str
    times: int


@dataclass
class Hub:
    """address: for HF_ENDPOINT. requests: method, path and headers (by lower-case name) of all requests so far."""

    address: str = ""
    store: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)
    faults: dict[str, Fault] = field(default_factory=dict)
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    status: int = 200  # else the answer to everything, such as 503
    bytes_per_second: float | None = None  # so slowly do bodies go, for pages that show progress

    def push(
        self,
        repo: str,
        files: dict[str, Content],
        revision: str = "main",
        commit: str | None = None,
        forced: bool = False,
    ) -> str:
        """A new commit of `revision` with these files; forced: the revision forgets its older commits."""
        repository = self.repositories.setdefault(repo, Repository())
        commit = commit or hashlib.sha1(f"{repo} {len(repository.commits)}".encode()).hexdigest()
        tree = {name: blob_of(name, content) for name, content in files.items()}
        self.blobs |= {blob.checksum: blob for blob in tree.values()}
        repository.commits[commit] = tree
        past = [] if forced else repository.refs.get(revision, [])
        repository.refs[revision] = [*past, commit]
        return commit

    def fault(self, file: str, kind: str, times: int = 1 << 30) -> None:
        self.faults[file] = Fault(kind, times)

    def take_fault(self, file: str) -> str:
        fault = self.faults.get(file)
        if fault is None or fault.times <= 0:
            return ""
        fault.times -= 1
        return fault.kind

    def count(self, method: str = "", path: str = "") -> int:
        """How many requests there were with this method, whose path has `path` in it."""
        return sum(method in (asked, "") and path in at for asked, at, _ in self.requests)

    def environment(self, home: Path, **more: str) -> dict[str, str]:
        """Variables for a process that shall know this Hub only, with a cache of its own and no token."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "HUGGING"))}
        here = {"HF_ENDPOINT": self.address, "HF_HOME": str(home), "NO_PROXY": "127.0.0.1,localhost"}
        return kept | here | more


def blob_of(name: str, content: Content) -> Blob:
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    lfs = name.endswith(LFS)
    digest = hashlib.sha256() if lfs else hashlib.sha1(b"blob %d\0" % size)
    blob = Blob(content, size, "", lfs)
    with blob.open() as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return Blob(content, size, digest.hexdigest(), lfs)


class Handler(BaseHTTPRequestHandler):
    """What both ports share: requests are written down, bodies go out in pieces, faults happen."""

    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.requests.append((self.command, self.path, headers))
        if self.hub.status != 200:
            self.reply(self.hub.status)
        else:
            self.answer([unquote(part) for part in urlsplit(self.path).path.strip("/").split("/")])

    def answer(self, parts: list[str]) -> None:
        raise NotImplementedError

    def log_message(self, *_: Any) -> None: ...

    def reply(self, status: int, body: bytes = b"", **headers: object) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def refuse(self, status: int, code: str, **headers: object) -> None:
        self.reply(status, X_Error_Code=code, X_Error_Message=code, **headers)

    def send_blob(self, name: str, blob: Blob, **headers: object) -> None:
        """The bytes from Range on, or all; HEAD sends none."""
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        self.send_response(206 if wanted else 200)
        self.send_header("Content-Length", str(blob.size - start))
        if wanted:
            self.send_header("Content-Range", f"bytes {start}-{blob.size - 1}/{blob.size}")
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), str(value))
        self.end_headers()
        if self.command == "GET":
            self.send_body(blob, start, self.hub.take_fault(name))

    def send_body(self, blob: Blob, start: int, fault: str) -> None:
        # Half way is of the whole file, so that a resumed one is not cut at once again.
        end = (start + blob.size) // 2 if fault in ("cut", "reset") else blob.size
        with blob.open() as file:
            file.seek(start)
            while (left := end - file.tell()) > 0:
                chunk = bytearray(file.read(min(CHUNK, left)))
                if fault == "wrong":
                    chunk[0] ^= 1
                self.wfile.write(chunk)
                if self.hub.bytes_per_second:
                    time.sleep(len(chunk) / self.hub.bytes_per_second)
        if end < blob.size:
            self.break_off(reset=fault == "reset")

    def break_off(self, reset: bool) -> None:
        self.wfile.flush()
        if reset:  # no farewell: the other side sees "connection reset by peer"
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())
        self.close_connection = True


class HubHandler(Handler):
    """/{repo}/resolve/{revision}/{file} and /api/models/{repo}/commits/{revision}."""

    def answer(self, parts: list[str]) -> None:
        api = parts[:2] == ["api", "models"]
        parts = parts[2:] if api else parts
        verb = "commits" if api else "resolve"
        if verb not in parts[:-1]:
            return self.reply(404)
        at = parts.index(verb)
        name, revision, file = "/".join(parts[:at]), parts[at + 1], "/".join(parts[at + 2 :])
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self.refuse(404, "RepoNotFound")
        if repository.gated and "Authorization" not in self.headers:
            return self.refuse(401, "GatedRepo")
        past = repository.refs.get(revision) or [known for known in repository.commits if known == revision]
        if not past:
            return self.refuse(404, "RevisionNotFound")
        if api:
            return self.history(past)
        return self.resolve(file, past[-1], repository.commits[past[-1]])

    def history(self, past: list[str]) -> None:
        commits = [
            {"id": commit, "authors": [], "date": "2024-01-01T00:00:00.000Z", "title": "", "message": ""}
            for commit in reversed(past)
        ]
        self.reply(200, json.dumps(commits).encode(), Content_Type="application/json")

    def resolve(self, file: str, commit: str, tree: dict[str, Blob]) -> None:
        if file not in tree:
            return self.refuse(404, "EntryNotFound", X_Repo_Commit=commit)
        blob = tree[file]
        if not blob.lfs:
            return self.send_blob(file, blob, X_Repo_Commit=commit, ETag=f'"{blob.checksum}"')
        return self.reply(
            302,
            Location=f"{self.hub.store}/{blob.checksum}/{file}",
            X_Repo_Commit=commit,
            X_Linked_Etag=f'"{blob.checksum}"',
            X_Linked_Size=blob.size,
        )

    def do_POST(self) -> None:
        """What `upload_folder` asks: make a repository, how to send its files, and the commit with them."""
        self.hub.requests.append((self.command, self.path, dict(self.headers)))
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path).path.strip("/").split("/")
        if "Authorization" not in self.headers:
            return self.refuse(401, "Unauthorized")
        if parts[1:] == ["repos", "create"]:
            asked = json.loads(body)
            name = "/".join(filter(None, (asked.get("organization"), asked["name"])))
            self.hub.repositories.setdefault(name, Repository())
            return self.tell({"url": f"{self.hub.address}/{name}", "id": name})
        name = "/".join(parts[2:4])
        if parts[4] == "preupload":
            files = json.loads(body)["files"]
            return self.tell(
                {"files": [file | {"uploadMode": "regular", "shouldIgnore": False} for file in files]}
            )
        lines = [json.loads(line) for line in body.splitlines()]
        files = {
            line["value"]["path"]: base64.b64decode(line["value"]["content"])
            for line in lines
            if line["key"] == "file"
        }
        commit = self.hub.push(name, dict(files))
        self.tell(
            {"commitUrl": f"{self.hub.address}/{name}/commit/{commit}", "commitOid": commit, "success": True}
        )

    def tell(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.reply(200, body, Content_Type="application/json")


class StoreHandler(Handler):
    """/{sha256}/{file}: where the Hub sends whoever wants a large file."""

    def answer(self, parts: list[str]) -> None:
        blob = self.hub.blobs.get(parts[0])
        if blob is None:
            return self.reply(404)
        return self.send_blob(parts[-1], blob)


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None: ...  # whoever hangs up is no news in a test


@contextmanager
def serve_hub() -> Iterator[Hub]:
    """A running Hub with nothing on it."""
    hub = Hub()
    servers = [
        Server(("127.0.0.1", 0), type(handler.__name__, (handler,), {"hub": hub}))
        for handler in (HubHandler, StoreHandler)
    ]
    hub.address, hub.store = (f"http://127.0.0.1:{server.server_address[1]}" for server in servers)
    threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    try:
        yield hub
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()

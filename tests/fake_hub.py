"""A small hub of datasets on loopback: what huggingface_hub asks of one, kept in memory.

Files that are large for it are behind a redirect to another host name, as on the hub. Every request
is written down, and a `Fault` makes the next ones that it fits go wrong.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self, cast
from urllib.parse import unquote, urlsplit

TOKEN = "hf_" + "s3cretOfATestAndNothingElse"
LARGE_BYTES = 4_000
"""From here on a file is stored by its SHA-256; Parquet always is."""
_SLOW_BYTES = 16_384


@dataclass
class Fault:
    """What goes wrong with requests whose method and path this fits."""

    fits: str
    """A regular expression for `METHOD /path`."""
    status: int = 0
    cut_after: int = -1
    """Bytes of an answer's body, after which the connection is cut."""
    late_s: float = 0.0
    """Before anything is answered."""
    slow_s: float = 0.0
    """Between pieces of an answer's body."""
    times: int = 1_000_000
    passes: int = 0
    """So many are let through before."""


@dataclass
class Repository:
    """A dataset: its commits, each with all its files."""

    private: bool = False
    head: str = ""
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def commit(self, files: Mapping[str, bytes]) -> str:
        sha = sha1(repr((len(self.commits), sorted(files.items()))).encode()).hexdigest()
        self.commits[sha] = dict(files)
        self.head = sha
        return sha

    def files(self, revision: str) -> dict[str, bytes] | None:
        return self.commits.get(self.head if revision == "main" else revision)


def is_large(name: str, content: bytes | int) -> bool:
    size = content if isinstance(content, int) else len(content)
    return name.endswith(".parquet") or size > LARGE_BYTES


def git_hash(content: bytes) -> str:
    return sha1(b"blob %d\0" % len(content) + content).hexdigest()


class FakeHub:
    """Runs between `with` and its end; `url` is what `HF_ENDPOINT` becomes."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.stored: dict[str, bytes] = {}
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.faults: list[Fault] = []
        self.sent_bytes = 0
        """Of the bodies of files."""
        self.lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        cast("Any", self._server).hub = self
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def add(self, name: str, files: Mapping[str, bytes], *, private: bool = False) -> str:
        """A dataset, or another commit of it."""
        repository = self.repositories.setdefault(name, Repository(private))
        return repository.commit(files)

    def asked(self, pattern: str = "") -> list[str]:
        """The requests whose `METHOD /path` this fits."""
        lines = [f"{method} {path}" for method, path, _headers in self.requests]
        return [line for line in lines if re.search(pattern, line)]

    def headers_of(self, pattern: str) -> list[dict[str, str]]:
        return [
            headers
            for method, path, headers in self.requests
            if re.search(pattern, f"{method} {path}")
        ]

    def fault(self, request: str) -> Fault | None:
        with self.lock:
            for each in self.faults:
                if each.times > 0 and re.search(each.fits, request):
                    if each.passes > 0:
                        each.passes -= 1
                        continue
                    each.times -= 1
                    return each
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    @property
    def hub(self) -> FakeHub:
        return cast("FakeHub", cast("Any", self.server).hub)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as it is called there
        """Quiet."""

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PUT(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        headers = {name.title(): text for name, text in self.headers.items()}
        self.hub.requests.append((self.command, path, headers))
        self._fault = self.hub.fault(f"{self.command} {path}")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if self._fault is not None and self._fault.cut_after == 0:
                self._cut()
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            time.sleep(self._fault.late_s if self._fault is not None else 0)
            if self._fault is not None and self._fault.status:
                self._json({"error": "made to fail"}, self._fault.status)
                return
            for pattern, method in _ROUTES.items():
                if match := re.fullmatch(pattern, f"{self.command} {path}"):
                    getattr(self, method)(body, **match.groupdict())
                    return
            self._json({"error": "no such page"}, 404)

    # -- answers -----------------------------------------------------------------------------

    def _json(self, value: object, status: int = 200, **headers: str) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)

    def _content(self, content: bytes, headers: Mapping[str, str]) -> None:
        """A file, or the part of it that is asked for."""
        start = 0
        if match := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range") or ""):
            start = int(match[1])
        self.send_response(206 if start else 200)
        for name, text in headers.items():
            self.send_header(name, text)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content) - start))
        self.end_headers()
        if self.command == "HEAD":
            return
        fault = self._fault or Fault("")
        end = len(content) if fault.cut_after < 0 else start + fault.cut_after
        for at in range(start, min(end, len(content)), _SLOW_BYTES):
            piece = content[at : min(at + _SLOW_BYTES, end)]
            self.wfile.write(piece)
            with self.hub.lock:
                self.hub.sent_bytes += len(piece)
            time.sleep(fault.slow_s)
        if end < len(content):
            self._cut()

    def _repository(self, name: str) -> Repository | None:
        """What may be seen; like the hub, this says alike of what is not and what is private."""
        found = self.hub.repositories.get(name)
        if found is None or (found.private and not self._knows_token()):
            status = 404 if self._knows_token() else 401
            self._json({"error": "Repository not found"}, status, X_Error_Code="RepoNotFound")
            return None
        return found

    def _knows_token(self) -> bool:
        return self.headers.get("Authorization") == f"Bearer {TOKEN}"

    # -- pages -------------------------------------------------------------------------------

    def _info(self, _body: bytes, name: str, revision: str | None = None) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        sha = repository.head if revision in (None, "main") else str(revision)
        files = repository.files(sha)
        if files is None:
            self._json({"error": "Invalid rev id"}, 404, X_Error_Code="RevisionNotFound")
            return
        siblings = []
        for path, content in files.items():
            entry: dict[str, Any] = {"rfilename": path, "size": len(content)}
            entry["blobId"] = git_hash(content)
            if is_large(path, content):
                digest = sha256(content).hexdigest()
                entry["lfs"] = {"size": len(content), "sha256": digest, "pointerSize": 130}
            siblings.append(entry)
        private = repository.private
        self._json({"id": name, "sha": sha, "private": private, "siblings": siblings})

    def _resolve(self, _body: bytes, name: str, revision: str, path: str) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        files = repository.files(revision)
        if files is None or path not in files:
            self._json({"error": "Entry not found"}, 404, X_Error_Code="EntryNotFound")
            return
        content = files[path]
        sha = repository.head if revision == "main" else revision
        headers = {"X-Repo-Commit": sha}
        if not is_large(path, content):
            self._content(content, {**headers, "ETag": f'"{git_hash(content)}"'})
            return
        digest = sha256(content).hexdigest()
        self.hub.stored[digest] = content
        self.send_response(302)
        headers |= {
            "Location": f"http://localhost:{self.hub.port}/storage/{digest}",
            "X-Linked-ETag": f'"{digest}"',
            "X-Linked-Size": str(len(content)),
            "Content-Length": "0",
        }
        for header, text in headers.items():
            self.send_header(header, text)
        self.end_headers()

    def _storage(self, _body: bytes, digest: str) -> None:
        self._content(self.hub.stored[digest], {"ETag": f'"{digest}"'})

    def _create(self, body: bytes) -> None:
        if not self._knows_token():
            self._json({"error": "Invalid credentials"}, 401)
            return
        wish = json.loads(body)
        name = f"{wish['organization']}/{wish['name']}"
        self.hub.add(name, {".gitattributes": b"*.parquet filter=lfs\n"})
        self.hub.repositories[name].private = wish.get("visibility") == "private"
        self._json({"url": f"{self.hub.url}/datasets/{name}"})

    def _yaml(self, _body: bytes) -> None:
        self._json({"errors": [], "warnings": []})

    def _preupload(self, body: bytes, name: str) -> None:
        repository = self._repository(name)
        if repository is None:
            return
        files = repository.commits[repository.head]
        answer = []
        for each in json.loads(body)["files"]:
            path, large = each["path"], is_large(each["path"], each["size"])
            entry = {"path": path, "shouldIgnore": False, "uploadMode": "regular"}
            if large:
                entry["uploadMode"] = "lfs"
            if path in files:
                there = files[path]
                entry["oid"] = sha256(there).hexdigest() if large else git_hash(there)
            answer.append(entry)
        self._json({"files": answer})

    def _batch(self, body: bytes, name: str) -> None:
        assert name in self.hub.repositories
        objects = []
        for each in json.loads(body)["objects"]:
            entry: dict[str, Any] = {"oid": each["oid"], "size": each["size"]}
            if each["oid"] not in self.hub.stored:
                href = f"http://localhost:{self.hub.port}/storage/{each['oid']}"
                entry["actions"] = {"upload": {"href": href}}
            objects.append(entry)
        self._json({"transfer": "basic", "objects": objects})

    def _store(self, body: bytes, digest: str) -> None:
        assert sha256(body).hexdigest() == digest
        self.hub.stored[digest] = body
        self._json({})

    def _commit(self, body: bytes, name: str) -> None:
        if not self._knows_token():
            self._json({"error": "Invalid credentials"}, 401)
            return
        repository = self.hub.repositories[name]
        files = dict(repository.commits[repository.head])
        for line in body.splitlines():
            operation = json.loads(line)
            value = operation["value"]
            if operation["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif operation["key"] == "lfsFile":
                files[value["path"]] = self.hub.stored[value["oid"]]
        sha = repository.commit(files)
        url = f"{self.hub.url}/datasets/{name}/commit/{sha}"
        self._json({"commitUrl": url, "commitOid": sha})


_NAME = r"(?P<name>[\w.-]+/[\w.-]+)"
_ROUTES = {
    rf"GET /api/datasets/{_NAME}(?:/revision/(?P<revision>.+))?": "_info",
    rf"(?:GET|HEAD) /datasets/{_NAME}/resolve/(?P<revision>[^/]+)/(?P<path>.+)": "_resolve",
    r"GET /storage/(?P<digest>\w+)": "_storage",
    r"PUT /storage/(?P<digest>\w+)": "_store",
    r"POST /api/repos/create": "_create",
    r"POST /api/validate-yaml": "_yaml",
    rf"POST /api/datasets/{_NAME}/preupload/main": "_preupload",
    rf"POST /datasets/{_NAME}\.git/info/lfs/objects/batch": "_batch",
    rf"POST /api/datasets/{_NAME}/commit/main": "_commit",
}


@contextlib.contextmanager
def running() -> Iterator[FakeHub]:
    """For a `with`, or by hand: `python -m tests.fake_hub`."""
    with FakeHub() as hub:
        yield hub


def main() -> None:
    """Serve a dataset until ctrl+c, slowly enough to be looked at."""
    rows = [{"instruction": f"Name {n}.", "output": f"{n} " * 400} for n in range(5_000)]
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    card = (
        b"---\nconfigs:\n- config_name: plain\n  default: true\n  data_files:\n"
        b"  - split: train\n    path: data/train-*.jsonl\n  - split: test\n"
        b"    path: data/test.jsonl\n---\n# Small\n"
    )
    with running() as hub:
        hub.add(
            "made-up/small",
            {
                "README.md": card,
                "data/train-00000-of-00002.jsonl": lines,
                "data/train-00001-of-00002.jsonl": lines[: len(lines) // 2],
                "data/test.jsonl": b"".join(lines.splitlines(keepends=True)[:50]),
            },
        )
        hub.faults.append(Fault(r"GET /storage/", slow_s=0.03))
        print(f"export HF_ENDPOINT={hub.url} HF_TOKEN={TOKEN} HF_HUB_OFFLINE=0", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            while True:
                time.sleep(1)


if __name__ == "__main__":
    main()

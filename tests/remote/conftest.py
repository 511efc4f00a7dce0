"""A web server on loopback that misbehaves as it is told, and no waiting between tries."""

from __future__ import annotations

import contextlib
import functools
import gzip
import random
import re
import socket
import socketserver
import struct
import threading
import time
from dataclasses import dataclass, field, replace

import pytest

from leadsieve_connectors.sources.remote import patience

#: So many bytes that no socket buffer hides a break, in few rows: what is read is compared row by row.
ROWS, NOTE_BYTES = 12_000, 320


@dataclass
class Site:
    """What one path of the web server gives.

    `breaks`, `stalls`, `statuses`, `empty`: used up one a request that asks for more than a byte, in order.
    """

    data: bytes = b""
    etag: str | None = '"v1"'
    modified: str | None = None
    ranges: bool = True
    framing: str = "length"  # chunked | none
    closing: bool = False  # the connection is closed after each answer
    encoding: str | None = None
    cut: int = 0  # bytes of the encoded body that are kept back, with the connection closed in order
    breaks: list[int] = field(default_factory=list)  # reset after so many bytes of the body
    stalls: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    retry_after: str | None = None
    claim: int = 0  # added to the lengths that the headers tell
    surplus: bytes = b""  # follows each body
    redirect: str | None = None
    needs: tuple[str, str] | None = None  # a header and its value, else 401
    changes: dict[int, bytes] = field(default_factory=dict)  # before the n-th request: new data, new etag


@functools.cache
def packed(data: bytes) -> bytes:
    return gzip.compress(data, 1)


@dataclass
class Request:
    method: str
    target: str
    headers: dict[str, str]


class Web:
    """The server: `site(path)` is what a path gives, `seen` what was asked for."""

    def __init__(self) -> None:
        self.sites: dict[str, Site] = {}
        self.seen: list[Request] = []
        self.released = threading.Event()
        web = self

        class Handler(socketserver.StreamRequestHandler):
            disable_nagle_algorithm = True  # an answer of several writes would wait for the reader between them

            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    while web.answer(self):
                        pass

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            allow_reuse_address = True

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.005,))
        self.thread.start()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def add(self, path: str = "/leads.csv", **options: object) -> str:
        self.sites[path] = Site(**options)
        return self.url(path)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def bodies(self) -> list[Request]:
        """What was asked for, without the looks at one byte."""
        return [request for request in self.seen if request.headers.get("range") != "bytes=0-0"]

    def answer(self, handler: socketserver.StreamRequestHandler) -> bool:
        line = handler.rfile.readline().decode("latin-1").split()
        if len(line) != 3:
            return False
        headers = {}
        while text := handler.rfile.readline().decode("latin-1").strip():
            name, _, value = text.partition(":")
            headers[name.lower()] = value.strip()
        request = Request(line[0], line[1], headers)
        self.seen.append(request)
        site = self.sites.get(line[1].partition("?")[0])
        return _Answer(self, handler, request, site).give()


class _Answer:
    def __init__(self, web: Web, handler: socketserver.StreamRequestHandler, request: Request, site: Site | None):
        self.web, self.handler, self.request, self.site = web, handler, request, site

    def give(self) -> bool:
        site, request = self.site, self.request
        if site is None:
            return self.status(404)
        if request.method != "GET":
            return self.status(405)
        if site.needs is not None and request.headers.get(site.needs[0]) != site.needs[1]:
            return self.status(401)
        if site.redirect is not None:
            return self.status(302, f"Location: {site.redirect}\r\n")
        if new := site.changes.pop(len(self.web.seen), None):
            site.data, site.etag = new, f'"{hash(new)}"'
        look = request.headers.get("range") == "bytes=0-0"
        if site.statuses and not look:
            more = "" if site.retry_after is None else f"Retry-After: {site.retry_after}\r\n"
            return self.status(site.statuses.pop(0), more)
        return self.body(look=look)

    def status(self, code: int, more: str = "") -> bool:
        self.handler.wfile.write(f"HTTP/1.1 {code} So\r\n{more}Content-Length: 3\r\n\r\nso\n".encode())
        return True

    def body(self, *, look: bool) -> bool:
        site = self.site
        assert site is not None
        data, lines, code, start = site.data, [], 200, 0
        if site.encoding == "gzip":
            data = packed(data)
        size, asked = len(data), re.fullmatch(r"bytes=(\d+)-(\d*)", self.request.headers.get("range", ""))
        if site.ranges and asked:
            start, end = int(asked[1]), min(int(asked[2] or size - 1), size - 1)
            if start >= size:
                return self.status(416, f"Content-Range: bytes */{size + site.claim}\r\n{self.marks()}")
            data, code = data[start : end + 1], 206
            claimed = end + (site.claim if not asked[2] else 0)
            lines.append(f"Content-Range: bytes {start}-{claimed}/{size + site.claim}")
        claim = 0 if look else site.claim
        if site.framing == "length":
            lines.append(f"Content-Length: {len(data) + claim}")
        elif site.framing == "chunked":
            lines.append("Transfer-Encoding: chunked")
        if site.encoding is not None:
            lines.append(f"Content-Encoding: {site.encoding}")
        if site.closing:
            lines.append("Connection: close")
        head = "".join(f"{line}\r\n" for line in lines) + self.marks()
        self.handler.wfile.write(f"HTTP/1.1 {code} So\r\n{head}\r\n".encode())
        if not look:
            data = data[: len(data) - site.cut] + site.surplus
            if site.breaks:
                return self.reset(data[: site.breaks.pop(0)])
            if site.stalls:
                self.send(data[: site.stalls.pop(0)])
                self.web.released.wait(20)
                return False
        self.send(data)
        if site.framing == "chunked" and not (site.cut and not look):
            self.handler.wfile.write(b"0\r\n\r\n")
        return site.framing != "none" and not site.closing and not claim and not site.cut and not site.surplus

    def marks(self) -> str:
        site = self.site
        assert site is not None
        etag = "" if site.etag is None else f"ETag: {site.etag}\r\n"
        return etag + ("" if site.modified is None else f"Last-Modified: {site.modified}\r\n")

    def send(self, data: bytes) -> None:
        if self.site is not None and self.site.framing == "chunked":
            for at in range(0, len(data), 50_000):
                piece = data[at : at + 50_000]
                self.handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        else:
            self.handler.wfile.write(data)

    def reset(self, data: bytes) -> bool:
        self.send(data)
        time.sleep(0.05)  # what is in flight when a connection is reset is lost
        # Linger 0: the other side sees the connection reset, as by a router that lost it.
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.handler.connection.close()
        raise ConnectionResetError


@pytest.fixture
def web():
    server = Web()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """The seconds that were waited between tries; none of them passes."""
    slept: list[float] = []
    monkeypatch.setattr(patience, "PATIENCE", replace(patience.PATIENCE, stall_seconds=10.0, sleep=slept.append))
    return slept


@pytest.fixture
def hasty(waits, monkeypatch):
    """A connection that gives nothing for a moment is broken."""
    monkeypatch.setattr(patience, "PATIENCE", replace(patience.PATIENCE, stall_seconds=0.4, tries=4))


@pytest.fixture(scope="session")
def leads() -> bytes:
    """A lead file of some megabytes, no two lines the same."""
    lines, draw = [b"phone,name\n"], random.Random(1)
    for row in range(ROWS):
        note = draw.randbytes(NOTE_BYTES // 2).hex().encode()
        lines.append(b"+1415%07d,Lead number %d of many %b\n" % (2_000_000 + row, row, note))
    return b"".join(lines)

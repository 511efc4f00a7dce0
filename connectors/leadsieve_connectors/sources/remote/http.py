"""Bytes over HTTP(S): one streamed answer while reading in order, exact ranges elsewhere, redirects without secrets.

The session, its headers, credentials, proxies and certificates are those of fsspec's `HTTPFileSystem`, as configured.
Its file objects are not used: they read in blocks of megabytes, take a shorter or another body for the file's, and
call every failure a missing file.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any, TypeVar

import aiohttp
import yarl
from aiohttp.http import HttpProcessingError
from fsspec.asyn import sync

from leadsieve_connectors.sources.remote import patience
from leadsieve_connectors.sources.remote.decoding import decoder_for
from leadsieve_connectors.sources.remote.patience import Passing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

_T = TypeVar("_T")

_REDIRECTS = (301, 302, 303, 307, 308)
_MOST_REDIRECTS = 10
_BUFFER_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20
_OWN = {"Accept-Encoding": "identity"}
_MARKS = ("etag", "last-modified")
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-(\d+)|\*)/(\d+)\s*")
# A URL that is one already goes out byte for byte: signatures are taken over its very characters.
_VERBATIM = re.compile(r"(?:[\w\-.~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+", re.ASCII)
# What a server on the way to another place may be given; all else that is configured is for the first one only.
_FOR_ANYONE = ("ssl", "proxy", "proxy_auth", "timeout")


class HttpError(OSError):
    """An answer that is no file.

    Args:
        status: The HTTP status.
        after: Seconds that the server asks to wait.
    """

    def __init__(self, status: int, after: float = 0.0) -> None:
        super().__init__(f"the server answered with status {status}")
        self.status, self.after = status, after


class HttpRefused(ValueError):
    """An answer that is not taken for the file, whatever it holds."""


class _Answer(aiohttp.ClientResponse):
    """An answer that knows whether more came on its connection than its own length."""

    _protocol: Any = None

    async def start(self, connection: Any) -> aiohttp.ClientResponse:
        """Take the connection; see `aiohttp.ClientResponse`."""
        self._protocol = connection.protocol
        return await super().start(connection)

    @property
    def overrun(self) -> bool:
        """What followed the answer was no other answer."""
        return self._protocol is not None and isinstance(self._protocol.exception(), HttpProcessingError)


class HttpReader:
    """Reads one URL; see `file.Reader`.

    Args:
        fs: fsspec's `HTTPFileSystem`.
        url: What to read.
        marks: Size, `etag` and `last-modified` of the version to read; None where it is not known yet.
        in_order: Most is read in order: one answer gives all that follows.
    """

    def __init__(self, fs: Any, url: str, marks: Mapping[str, str] | None = None, *, in_order: bool = True) -> None:
        self._fs, self._url, self._marks, self._in_order = fs, url, marks, in_order
        self._response: aiohttp.ClientResponse | None = None
        self._at = 0
        self._strange: aiohttp.ClientSession | None = None
        #: After `probe`: the server gives parts, and tells whether they are of one version.
        self.in_parts = False

    def probe(self) -> dict[str, str]:
        """Return the size, where the server says it, and what tells one version from the next.

        One byte is asked for: what refuses HEAD, and what is signed for GET only, answers that.
        """

        async def ask() -> dict[str, str]:
            response = await self._get({"Range": "bytes=0-0"})
            found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            marks = _marks_of(response)
            self.in_parts = response.status == 206 and bool(found and marks and not _coding(response))
            if response.status == 206:
                await _take(response, 2)  # so that the connection serves again
            size = found[3] if found else response.headers.get("Content-Length")
            return marks if size is None or _coding(response) else {"size": size, **marks}

        return self._do(ask, last=True)

    def read(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes from byte `at`; see `file.Reader`."""

        async def take() -> bytes:
            if self._response is None or self._at != at:
                await self._open(at, size)
            assert self._response is not None  # noqa: S101
            data = await _take(self._response, size)
            self._at += len(data)
            if not data or not self._in_order:
                await self._rest(data)
            return data

        return self._do(take)

    def finish(self) -> None:
        """Make sure that an answer without a length of its own gave no more than the file's."""

        async def look() -> None:
            response = self._response
            if response is not None and (await _take(response, 1) or _overrun(response)):
                raise HttpRefused("the server sends more bytes than it said")

        self._do(look, last=True)

    def save(self, write: Callable[[bytes], object]) -> None:
        """Read all in one answer, whatever the server's abilities, its content encoding taken off.

        Args:
            write: Takes the bytes in order; a failure leaves them incomplete.
        """
        self._do(lambda: self._save(write), last=True)

    async def _save(self, write: Callable[[bytes], object]) -> None:
        response = await self._get({})
        if response.status != 200:
            raise HttpError(response.status)
        coding = _coding(response)
        decoder = decoder_for(coding)
        if decoder is None:
            raise HttpRefused(f"the server sends it packed as {coding}, unasked, which is not unpacked")
        framed = "Content-Length" in response.headers or "chunked" in response.headers.get("Transfer-Encoding", "")
        if not framed and not coding:
            # A connection that breaks would look like the end of the file.
            raise HttpRefused("the server does not say where it ends; download it, and name the file")
        while piece := await _take(response, _PIECE_BYTES):
            for data in decoder.give(piece):
                write(data)
        if _overrun(response):
            raise HttpRefused("the server sends more bytes than it said")
        if not decoder.ended:
            raise Passing("its packed bytes break off")

    def renew(self) -> None:
        """Let go of the connection."""
        self.close()

    def close(self) -> None:
        """Let go of the connection, and of the session for other hosts."""

        async def close() -> None:
            self._release()
            if self._strange is not None:
                await self._strange.close()
                self._strange = None

        with contextlib.suppress(Exception):
            sync(self._fs.loop, close, timeout=patience.PATIENCE.stall_seconds)

    def _do(self, ask: Callable[[], Awaitable[_T]], *, last: bool = False) -> _T:
        """Run a coroutine on fsspec's loop and put its failures in plain words, without URLs.

        Args:
            ask: Gives the coroutine.
            last: Close the connection after it.
        """

        async def run() -> _T:
            try:
                return await ask()
            except aiohttp.ClientError as error:
                raise _in_words(error) from None
            except TimeoutError:
                raise Passing(f"no byte came for {patience.PATIENCE.stall_seconds:g} seconds") from None

        try:
            result: _T = sync(self._fs.loop, run)
            return result
        finally:
            if last:
                self.close()

    async def _open(self, at: int, size: int) -> None:
        """Ask for what follows byte `at`, and make sure that the answer is that part of that version."""
        end = "" if self._in_order else str(at + size - 1)
        response = await self._get({"Range": f"bytes={at}-{end}"})
        marks = self._marks or {}
        found = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
        told = found[3] if found else response.headers.get("Content-Length") or marks.get("size")
        if _coding(response) or {"size": told, **_marks_of(response)} != {**marks}:
            raise Passing("the server sent another version of it")
        if response.status == 200:
            before = at
            while before:
                if not (skipped := await _take(response, min(before, _PIECE_BYTES))):
                    raise Passing("it ends before the place where reading went on")
                before -= len(skipped)
        elif not found or found[1] is None or int(found[1]) != at:
            raise Passing("the server sent another part of it than it was asked for")
        self._at = at

    async def _rest(self, data: bytes) -> None:
        """Be done with an answer: one that gave its range is read to its end, so that the connection serves again."""
        response = self._response
        if response is not None and data and response.status == 206 and await _take(response, 1):
            raise HttpRefused("the server sends more bytes than it was asked for")
        self._release()

    def _release(self) -> None:
        response, self._response = self._response, None
        if response is not None:
            response.close()

    async def _get(self, headers: Mapping[str, str]) -> aiohttp.ClientResponse:
        """Send one GET and follow its redirects; what is configured goes to the first host only.

        The answer is the reader's own from then on, and is let go of with it.
        """
        send = {**self._fs.kwargs, "headers": {**self._fs.kwargs.get("headers", {}), **_OWN, **headers}}
        send.pop("allow_redirects", None)
        self._fs.client_kwargs.setdefault("response_class", _Answer)
        session, url = await self._fs.set_session(), _as_url(self._url, self._fs)
        for _ in range(_MOST_REDIRECTS):
            timeout = aiohttp.ClientTimeout(
                total=None, sock_connect=patience.PATIENCE.stall_seconds, sock_read=patience.PATIENCE.stall_seconds
            )
            options = {"timeout": timeout, "read_bufsize": _BUFFER_BYTES, "auto_decompress": False, **send}
            self._release()
            response: aiohttp.ClientResponse = await session.get(url, allow_redirects=False, **options)
            self._response = response
            target = response.headers.get("Location")
            if response.status not in _REDIRECTS or target is None:
                if response.status >= 400 and response.status != 416:
                    raise HttpError(response.status, _seconds(response.headers.get("Retry-After")))
                return response
            following = _follow(url, target)
            if following.origin() != url.origin():
                if self._strange is None:
                    self._strange = aiohttp.ClientSession(trust_env=session.trust_env, response_class=_Answer)
                session = self._strange
                send = {key: send[key] for key in _FOR_ANYONE if key in send} | {"headers": {**_OWN, **headers}}
            elif following.user is None:
                following = following.with_user(url.user).with_password(url.password)
            url = following
        raise HttpRefused(f"the server redirects more than {_MOST_REDIRECTS} times")


def _overrun(response: aiohttp.ClientResponse) -> bool:
    return isinstance(response, _Answer) and response.overrun


def _follow(url: yarl.URL, target: str) -> yarl.URL:
    following = url.join(yarl.URL(target, encoded=bool(_VERBATIM.fullmatch(target))))
    if following.scheme not in ("http", "https"):
        raise HttpRefused("the server redirects to what is no web address")
    if url.scheme == "https" and following.scheme == "http":
        raise HttpRefused("the server redirects from https to http, where anybody could change it")
    return following


def _as_url(url: str, fs: Any) -> yarl.URL:
    return yarl.URL(url, encoded=True) if _VERBATIM.fullmatch(url) else fs.encode_url(url)


def _marks_of(response: aiohttp.ClientResponse) -> dict[str, str]:
    return {mark.replace("-", "_"): response.headers[mark] for mark in _MARKS if mark in response.headers}


def _coding(response: aiohttp.ClientResponse) -> str:
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    return "" if coding == "identity" else coding


def _seconds(text: str | None) -> float:
    return float(text) if text is not None and text.isdecimal() else 0.0


async def _take(response: aiohttp.ClientResponse, size: int) -> bytes:
    """Read `size` bytes, fewer where the answer ends or breaks: what came before a break counts."""
    pieces: list[bytes] = []
    missing = size
    while missing:
        try:
            piece = await response.content.read(missing)
        except (aiohttp.ClientError, OSError):
            if pieces:
                break
            raise
        if not piece:
            break
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)


def _in_words(error: aiohttp.ClientError) -> Exception:
    """Put a failure in words that hold no URL; certificates and the like do not mend by themselves."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientSSLError):
        return HttpRefused(f"no safe connection to {error.host}: its certificate is not trusted")
    if isinstance(error, aiohttp.ClientConnectorError):
        return Passing(f"no connection to {error.host}: {error.os_error.strerror or 'not known'}")
    if isinstance(error, aiohttp.InvalidURL):
        return HttpRefused("the URL is not valid")
    if isinstance(error, TimeoutError):
        return Passing(f"no byte came for {patience.PATIENCE.stall_seconds:g} seconds")
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError):
        return Passing("the connection broke before its end")
    return Passing("the server's answer is no HTTP")

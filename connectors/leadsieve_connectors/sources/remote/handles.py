"""Bytes through the file objects of fsspec's file systems: s3, gs, az, sftp, memory and others."""

from __future__ import annotations

import contextlib
import socket
from typing import Any

from leadsieve_connectors.sources.remote import patience


class HandleReader:
    """Reads an fsspec file in blocks of the caller's size; see `file.Reader`.

    Args:
        fs: The file system.
        path: The file's path there.
    """

    def __init__(self, fs: Any, path: str) -> None:
        self._fs, self._path = fs, path
        self._handle: Any = None

    def read(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes from byte `at`; see `file.Reader`."""
        handle = self._handle = self._handle or self._open()
        handle.seek(at)
        return bytes(handle.read(size))

    def finish(self) -> None:
        """Do nothing: these file systems give what they are asked for."""

    def renew(self) -> None:
        """Connect anew."""
        reconnect(self._fs)
        self.close()

    def close(self) -> None:
        """Close the file."""
        handle, self._handle = self._handle, None
        if handle is not None:
            # Closing what is broken may fail as reading did.
            with contextlib.suppress(OSError, EOFError):
                handle.close()

    def _open(self) -> Any:
        if _over_ssh(self._fs):
            self._fs.ftp.get_channel().settimeout(patience.PATIENCE.stall_seconds)
            # Each read is a small request: held back to fill a packet, it waits for the acknowledgement of the last.
            self._fs.client.get_transport().sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Blocks are cut by the caller; a cache of fsspec's would hold many megabytes more.
        options = {"cache_type": "none"} if self._fs.async_impl else {}
        return self._fs.open(self._path, "rb", **options)


def reconnect(fs: Any) -> None:
    """Connect a file system anew that keeps one connection; others do by themselves."""
    if _over_ssh(fs):
        fs.client.close()
        fs.client.connect(fs.host, **fs.ssh_kwargs)
        fs.ftp = fs.client.open_sftp()


def _over_ssh(fs: Any) -> bool:
    return hasattr(fs, "ssh_kwargs") and hasattr(fs, "ftp")

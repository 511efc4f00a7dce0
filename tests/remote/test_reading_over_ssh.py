"""Files over SSH, from an OpenSSH server that this user starts on loopback with keys of its own."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import fsspec
import pytest

pytest.importorskip("paramiko")
from leadsieve_connectors.exceptions import SourceChanged, SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources
from leadsieve_connectors.sources.remote.handles import HandleReader

OPTIONS = ReadOptions(chunk_bytes=1 << 20)
HEAD = b"phone,name\n+14155550100,Ann\n"
SSHD = shutil.which("sshd") or shutil.which("sshd", path="/usr/sbin")
CONFIG = """
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host
AuthorizedKeysFile {folder}/authorized
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp
"""

pytestmark = pytest.mark.skipif(SSHD is None, reason="sshd is not installed (Debian: apt-get install openssh-server)")


class Server:
    """An SSH server in the foreground: `process` has one child a connection."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("host", "user"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
            subprocess.run(command, check=True)
        shutil.copy(folder / "user.pub", folder / "authorized")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "config").write_text(CONFIG.format(port=self.port, folder=folder))
        if os.geteuid() == 0:
            Path("/run/sshd").mkdir(exist_ok=True)
        command = [str(SSHD), "-D", "-e", "-f", str(folder / "config")]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(command, stderr=log)
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return
            time.sleep(0.05)
        raise RuntimeError((folder / "log").read_text())

    def sessions(self) -> list[int]:
        """The processes of the connections, the latest last."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def cut(self) -> None:
        """Kill the processes of all connections, as a server that restarts does."""
        for pid in self.sessions():
            for child in subprocess.run(
                ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, check=False
            ).stdout.split():
                os.kill(int(child), signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def url(self, path: Path) -> str:
        return f"sftp://{getpass.getuser()}@127.0.0.1:{self.port}{path}"

    def name(self, path: Path) -> str:
        return f"sftp://127.0.0.1:{self.port}{path}"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    found = Server(tmp_path_factory.mktemp("ssh"))
    yield found
    found.cut()
    found.process.terminate()
    found.process.wait()


@pytest.fixture
def ssh(server, monkeypatch):
    monkeypatch.setitem(
        fsspec.config.conf,
        "sftp",
        {"key_filename": str(server.folder / "user"), "allow_agent": False, "look_for_keys": False, "timeout": 10},
    )
    yield server
    cls = fsspec.get_filesystem_class("sftp")
    for fs in list(cls._cache.values()):
        fs.client.close()
    cls.clear_instance_cache()


@pytest.fixture
def folder(tmp_path, leads):
    for name in ("b.csv", "a.csv", "deep/c.csv", ".hidden.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(HEAD)
    (tmp_path / "big.txt").write_bytes(leads)
    return tmp_path


def names(url: str) -> list[str]:
    with open_sources([url], OPTIONS) as sources:
        return [source.name for source in sources]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.csv", ["a.csv"]),
        ("", ["a.csv", "b.csv", "big.txt"]),
        ("?.csv", ["a.csv", "b.csv"]),
        ("**/*.csv", [".hidden.csv", "a.csv", "b.csv", "deep/c.csv"]),
    ],
)
def test_files_folders_and_patterns(ssh, folder, path, expected):
    assert names(ssh.url(folder / path)) == [ssh.name(folder / name) for name in expected]


def test_a_large_file_is_read(ssh, folder, leads):
    with open_sources([ssh.url(folder / "big.txt")], OPTIONS) as sources:
        (source,) = sources
        assert source.size == len(leads)
        found = [name for chunk in source.chunks() for name in chunk.table.column("name").to_pylist()]
        assert found == [line.partition(b",")[2].decode() for line in leads.splitlines()[1:]]
        assert source.sha256() == hashlib.sha256(leads).hexdigest()


def test_reading_goes_on_over_a_new_connection(ssh, folder, leads, monkeypatch, waits):
    with open_sources([ssh.url(folder / "big.txt")], OPTIONS) as sources:
        read, cuts = HandleReader.read, [0, 1_000_000]

        def cutting(self: HandleReader, at: int, size: int) -> bytes:
            if cuts and at >= cuts[0]:
                cuts.pop(0)
                ssh.cut()
            return read(self, at, min(size, 500_000))

        monkeypatch.setattr(HandleReader, "read", cutting)
        assert sources[0].sha256() == hashlib.sha256(leads).hexdigest()
        assert cuts == []
        assert len(waits) >= 2


def test_a_connection_that_was_lost_meanwhile_is_made_anew(ssh, folder):
    assert names(ssh.url(folder / "a.csv"))
    ssh.cut()
    assert names(ssh.url(folder)) == [ssh.name(folder / name) for name in ("a.csv", "b.csv", "big.txt")]


def test_a_server_that_stalls_is_given_up(ssh, folder, hasty):
    with open_sources([ssh.url(folder / "big.txt")], OPTIONS) as sources:
        stream = sources[0]._stored.open()
        with stream:
            stream.read(10)
            stopped = [ssh.process.pid, *ssh.sessions()]
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            try:
                fs = sources[0]._stored.location.fs
                fs.ssh_kwargs.update({"timeout": 0.2, "banner_timeout": 0.2, "auth_timeout": 0.2})
                with pytest.raises(SourceError) as caught:
                    stream.read_fully(8 << 20)
            finally:
                for pid in reversed(stopped):
                    os.kill(pid, signal.SIGCONT)
        assert caught.value.code == "unreadable"


@pytest.mark.parametrize("gone", [True, False])
def test_a_file_that_changes_or_goes(ssh, folder, leads, gone):
    big = folder / "big.txt"
    with open_sources([ssh.url(big)], OPTIONS) as sources:
        chunks = sources[0].chunks()
        next(chunks)
        if gone:
            big.unlink()
        else:
            with big.open("ab") as file:
                file.write(b"+14155550199,More\n")
        with pytest.raises(SourceChanged):
            list(chunks)


def test_what_is_not_there(ssh, folder, waits):
    with pytest.raises(SourceError, match="no such file"):
        names(ssh.url(folder / "none.csv"))
    with pytest.raises(SourceError, match="no file matches"):
        names(ssh.url(folder / "none*.csv"))
    assert waits == []


def test_a_refused_login_is_final_and_tells_no_password(ssh, folder, waits):
    fsspec.config.conf["sftp"].pop("key_filename")
    with pytest.raises(SourceError, match="the server refuses access") as caught:
        names(ssh.url(folder / "a.csv").replace("@", ":s3cret@"))
    assert "s3cret" not in caught.value.message
    assert waits == []

"""OUT in S3 (moto's server) and over SSH (OpenSSH's): what is published, replaced, refused, and never told."""

from __future__ import annotations

import getpass
import importlib
import importlib.util
import json
import logging
import os
import signal
import tempfile
import traceback
from pathlib import Path

import forked
import fsspec
import pytest

import leadsieve
from leadsieve.exceptions import OutputError
from leadsieve.publish import place
from leadsieve_connectors.campaigns import State

SECRET = "s3cretWord"
LINES = ["phone,name", "+14155550100,Ann", "+14155550101,Bo", "12,Cy"]


def sibling(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


DRIVER = Path(__file__).parents[1] / "publish" / "driver.py"
driver = sibling(DRIVER)


@pytest.fixture(scope="module")
def endpoint():
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint, monkeypatch):
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    fsspec.filesystem("s3").clear_instance_cache()
    fs = fsspec.filesystem("s3")
    fs.mkdir("sales")
    yield "s3://sales/out"
    fs.invalidate_cache()
    fs.rm("sales", recursive=True)
    fs.clear_instance_cache()


@pytest.fixture(scope="module")
def ssh_server(tmp_path_factory):
    pytest.importorskip("paramiko")
    reading = sibling(Path(__file__).with_name("test_reading_over_ssh.py"))
    if reading.SSHD is None:
        pytest.skip("sshd is not installed (Debian: apt-get install openssh-server)")
    found = reading.Server(tmp_path_factory.mktemp("ssh"))
    yield found
    found.cut()
    found.process.terminate()
    found.process.wait()


@pytest.fixture
def sftp(ssh_server, monkeypatch, tmp_path_factory):
    """A URL with a password, which the server has no use for: the key lets in."""
    login = {"key_filename": str(ssh_server.folder / "user"), "allow_agent": False, "look_for_keys": False}
    monkeypatch.setitem(fsspec.config.conf, "sftp", login)
    monkeypatch.setenv("FSSPEC_SFTP", json.dumps(login))  # for child processes
    folder = tmp_path_factory.mktemp("remote") / "out"
    yield f"sftp://{getpass.getuser()}:{SECRET}@127.0.0.1:{ssh_server.port}{folder}"
    cls = fsspec.get_filesystem_class("sftp")
    for fs in list(cls._cache.values()):
        fs.client.close()
    cls.clear_instance_cache()


@pytest.fixture(params=["s3", "sftp"])
def out(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(autouse=True)
def temporary(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


@pytest.fixture
def leads_csv(tmp_path):
    path = tmp_path / "leads.csv"
    path.write_text("\n".join(LINES) + "\n")
    return path


def stored(out):
    """All files of OUT by their names, the prefix as `PREFIX`; and how many prefixes there are."""
    fs, path = fsspec.core.url_to_fs(out)
    fs.invalidate_cache()
    found = {name.removeprefix(path.rstrip("/") + "/"): fs.cat_file(name) for name in fs.find(path)}
    prefixes = {name.split("/")[0] for name in found if "/" in name}
    shown = {"/".join(["PREFIX", *name.split("/")[1:]]) if "/" in name else name: data for name, data in found.items()}
    return shown, len(prefixes)


def clean(source, out, **options):
    return leadsieve.clean(source, out=out, progress=False, **options)


def command(folder, *arguments):
    return forked.run("-m", "leadsieve", "clean", *arguments, cwd=folder)


def test_published_replaced_and_recognised(out, leads_csv, tmp_path):
    clean(leads_csv, tmp_path / "local")
    first = clean(leads_csv, out)
    files, prefixes = stored(out)
    assert prefixes == 1
    names = {path.name for path in (tmp_path / "local").iterdir()} - {"run.json"}
    assert set(files) == {"run.json", *(f"PREFIX/{name}" for name in names)}
    for name in names:
        assert files[f"PREFIX/{name}"] == (tmp_path / "local" / name).read_bytes()
    with clean(leads_csv, out) as again:
        assert again.repeated
        assert again.accepted.to_arrow() == first.accepted.to_arrow()
    with pytest.raises(OutputError, match="holds an earlier run") as caught:
        clean(leads_csv, out, again=True)
    assert caught.value.code == "output_exists"
    clean(leads_csv, f"{out}/", again=True, overwrite=True).close()
    assert stored(out)[0].keys() == files.keys()
    assert stored(out)[1] == 1


def test_many_files_in_a_folder(out):
    told = {"out": out, "first": 1_000, "keys": 50, "requests": 25}
    driver.run(told)
    driver.run({**told, "first": 2_000, "requests": 24, "overwrite": True})
    files, prefixes = stored(out)
    requests = [f"PREFIX/requests/{number:06}.json" for number in range(1, 25)]
    assert files.keys() == {"run.json", "PREFIX/accepted.csv", "PREFIX/summary.json", *requests}
    assert prefixes == 1
    again = place(out, None)
    folder = again.reopen(again.published())
    assert json.loads(folder.file("requests/000024.json").read_bytes())["first"] == 2_000
    folder.close()


def test_the_place_is_told_without_credentials(out, leads_csv, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    for name in ("leadsieve", "leadsieve.publish"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    run = clean(leads_csv, out, campaign="spring", state=tmp_path / "s.duckdb")
    (record,) = State(tmp_path / "s.duckdb").runs("spring")
    assert run.out == record.out == out.replace(f"{getpass.getuser()}:{SECRET}@", "")
    clean(leads_csv, out, campaign="spring", state=tmp_path / "s.duckdb")
    with pytest.raises(OutputError) as caught:
        clean(leads_csv, out)
    told = [str(caught.value), *(record.getMessage() for record in caplog.records if "leadsieve" in record.name)]
    assert SECRET not in "".join(told)
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]  # the hidden folder's notes as well
    assert any(b"spring" in data for data in kept)
    assert all(SECRET.encode() not in data for data in [*kept, *stored(out)[0].values()])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("s3://nowhere/out", "no such bucket or folder"),
        ("sftp://me:{}@127.0.0.1:1/out", "cannot be reached|cannot be written"),
    ],
)
def test_a_place_that_cannot_be_had(s3, sftp, leads_csv, url, words, temporary):
    with pytest.raises(OutputError, match=words) as caught:
        clean(leads_csv, url.format(SECRET))
    assert caught.value.code == "output_failed"
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert [path for path in temporary.rglob("*") if "upload" in path.name] == []


def test_a_folder_that_cannot_be_made_over_ssh(sftp, leads_csv, tmp_path):
    (tmp_path / "file").write_text("no folder")
    url = sftp.partition("/tmp")[0] + str(tmp_path / "file" / "out")
    with pytest.raises(OutputError) as caught:
        clean(leads_csv, url, campaign="spring", state=tmp_path / "s.duckdb")
    assert caught.value.code == "output_failed"
    assert SECRET not in caught.value.message
    assert State(tmp_path / "s.duckdb").campaigns() == []


def test_a_login_that_is_refused(sftp, leads_csv, monkeypatch):
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"allow_agent": False, "look_for_keys": False})
    with pytest.raises(OutputError, match="the server refuses access") as caught:
        clean(leads_csv, sftp)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_keys_that_are_missing(s3, leads_csv, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    fsspec.filesystem("s3").clear_instance_cache()
    with pytest.raises(OutputError, match="the server refuses access"):
        clean(leads_csv, s3)


def test_the_connection_is_made_anew(sftp, ssh_server, leads_csv, monkeypatch, waits):
    client = importlib.import_module("paramiko").SFTPClient
    put, cuts = client.put, ["rejected.parquet", "accepted.parquet"]

    def cutting(self, source, path, **options):
        if cuts and path.endswith(cuts[-1]):
            cuts.pop()
            ssh_server.cut()
        return put(self, source, path, **options)

    monkeypatch.setattr(client, "put", cutting)
    clean(leads_csv, sftp)
    assert cuts == []
    assert len(waits) >= 2
    assert stored(sftp)[1] == 1


def test_the_command_line(s3, leads_csv, tmp_path):
    done = command(tmp_path, leads_csv, "--out", s3)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, f"published in {s3}")
    refused = command(tmp_path, leads_csv, "--out", s3, "--again", "--json", "--quiet")
    assert (refused.returncode, json.loads(refused.stdout)["code"]) == (5, "output_exists")
    assert len(refused.stderr.splitlines()) == 1


@pytest.fixture
def spec(tmp_path):
    """What a run over an earlier publication is told, by the scenario's name."""

    def specify(scenario, url):
        options = {"out": url, "first": 1_000, "keys": 50}
        if scenario == "campaign":
            options["state"] = str(tmp_path / "s.duckdb")
        driver.run(options)
        return {**options, "first": 5_000_000, "keys": 1_000, "overwrite": True}

    return specify


def killed(spec, at):
    return forked.run(DRIVER, json.dumps({**spec, "kill": at})).returncode


def whole(url):
    run = place(url, None).published()
    assert run is not None
    return run["fingerprint"]


@pytest.mark.parametrize(
    ("scenario", "store", "at"),
    [
        ("campaign", "s3", "prefix-claimed"),
        ("campaign", "s3", "state-committed"),
        ("plain", "s3", "run-file-put"),
        ("plain", "sftp", "uploaded"),
        ("campaign", "sftp", "state-committed"),
        ("campaign", "sftp", "run-file-put"),
    ],
)
def test_a_kill_and_the_same_command_again(request, tmp_path, spec, temporary, scenario, store, at):
    """At every step: `tests/publish/test_killed_uploads.py`."""
    told = spec(scenario, request.getfixturevalue(store))

    assert killed(told, at) == -signal.SIGKILL
    assert whole(told["out"]) == ("5000000+1000" if at == "run-file-put" else "1000+50")  # never a half
    driver.run(told)

    files, prefixes = stored(told["out"])
    requests = {f"PREFIX/requests/{number:06}.json" for number in (1, 2, 3)}
    assert files.keys() == {"run.json", "PREFIX/accepted.csv", "PREFIX/summary.json", *requests}
    assert files["PREFIX/accepted.csv"] == "".join(f"+{5_000_000 + i}\n" for i in range(1_000)).encode()
    assert (prefixes, whole(told["out"])) == (1, "5000000+1000")
    assert [path.name for folder in (tmp_path, temporary) for path in folder.rglob("*upload*")] == []
    if scenario == "campaign":
        state = State(Path(told["state"]))
        assert (state.campaign("summer").contacts, state.unpublished()) == (1_050, [])


def test_another_run_without_the_password_says_what_to_do(sftp, spec, tmp_path, monkeypatch):
    """The state has no user information: a run elsewhere may not get in, and the command itself always does."""
    told = spec("campaign", sftp)
    assert killed(told, "state-committed") == -signal.SIGKILL
    cls = fsspec.get_filesystem_class("sftp")
    cls.clear_instance_cache()
    other = {**told, "out": str(tmp_path / "other"), "first": 7, "keys": 1}
    with monkeypatch.context() as patch:
        patch.setitem(fsspec.config.conf, "sftp", {"allow_agent": False, "look_for_keys": False})
        with pytest.raises(OutputError, match="'leadsieve campaign undo") as caught:
            driver.run(other)
    assert "or from an --out of the same place" in caught.value.message
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    driver.run(told)
    assert whole(sftp) == "5000000+1000"

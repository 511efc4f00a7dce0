"""Credentials of remote sources: sent to their server only, and never in what a run writes, prints or raises."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import traceback

import fsspec
import pytest

import leadsieve
from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources import ReadOptions, open_sources

SECRET = "s3cretWord"


@pytest.fixture(autouse=True)
def fresh():
    cls = fsspec.get_filesystem_class("http")
    cls.clear_instance_cache()
    yield
    cls.clear_instance_cache()


def secret_url(web) -> str:
    host = f"127.0.0.1:{web.port}"
    return f"http://me:{SECRET}@{host}/leads.csv?signature={SECRET}&x=1"


def run(folder, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "leadsieve", "clean", *arguments, "--region", "US", "--out", "out"]
    env = {**os.environ, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_ACCESS_KEY_ID": SECRET}
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_a_run_writes_and_prints_no_secret(web, leads, tmp_path):
    web.add(data=leads[:20_000])
    done = run(tmp_path, secret_url(web), "--campaign", "spring")
    assert done.returncode == 0, done.stderr
    assert web.seen[0].headers["authorization"].startswith("Basic ")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"run.json", "accepted.parquet", "leadsieve.duckdb"} <= {path.name for path in files}
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path
    assert SECRET not in done.stdout + done.stderr
    run_json = json.loads((tmp_path / "out" / "run.json").read_bytes())
    assert run_json["sources"][0]["lead_file"] == web.url("/leads.csv")


@pytest.mark.parametrize(
    "options",
    [
        {"needs": ("x-key", "k")},
        {"redirect": "ftp://elsewhere/"},
        {"breaks": [0] * 99},
        {"statuses": [503] * 99},
        {"encoding": "br"},
        {"framing": "none", "ranges": False},
    ],
    ids=lambda options: next(iter(options)),
)
def test_no_failure_tells_a_secret(web, leads, options, caplog):
    caplog.set_level(logging.DEBUG, "leadsieve")
    web.add(data=leads, **options)
    with pytest.raises(leadsieve.LeadsieveError) as caught:
        leadsieve.clean(secret_url(web), region="US", progress=False)
    assert caught.value.code == "unreadable"
    assert SECRET not in "".join(traceback.format_exception(caught.value)) + caplog.text


@pytest.mark.parametrize(
    "url", ["http://me:{}@127.0.0.1:1/a.csv?k={}", "http://me:{}@[bad/a.csv?k={}", "s9://u:{}@h/{}"]
)
def test_no_url_that_fails_tells_a_secret(url):
    with pytest.raises(SourceError) as caught:
        open_sources([url.format(SECRET, SECRET)], ReadOptions())
    assert f":{SECRET}@" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("elsewhere", [True, False])
def test_redirects_take_no_credentials_to_another_host(web, leads, elsewhere):
    web.add("/real.csv", data=leads)
    host = "localhost" if elsewhere else "127.0.0.1"
    web.add(redirect=f"http://{host}:{web.port}/real.csv?token=its-own")
    headers = {"Authorization": f"Bearer {SECRET}", "X-Api-Key": SECRET, "Cookie": f"session={SECRET}"}
    fsspec.config.conf["http"] = {"headers": headers}
    try:
        with open_sources([web.url("/leads.csv")], ReadOptions()) as sources:
            assert sources[0].size == len(leads)
    finally:
        del fsspec.config.conf["http"]
    for request in web.seen:
        given = {name for name, value in request.headers.items() if SECRET in value}
        home = request.target == "/leads.csv" or not elsewhere
        assert given == ({"authorization", "x-api-key", "cookie"} if home else set())
    assert any(request.target == "/real.csv?token=its-own" for request in web.seen)


def test_a_run_that_breaks_publishes_nothing(web, leads, tmp_path):
    from leadsieve_connectors.sources.remote import patience

    url = web.add(data=leads)
    # The first look is whole; the reading of all rows is not.
    script = (
        "import sys, dataclasses\n"
        "from leadsieve_connectors.sources.remote import patience\n"
        "patience.PATIENCE = dataclasses.replace(patience.PATIENCE, sleep=lambda seconds: None, tries=3)\n"
        "from leadsieve.cli import main\n"
        "sys.argv[0] = 'leadsieve'\n"
        "main()\n"
    )
    assert patience.PATIENCE.tries > 3
    web.sites["/leads.csv"].breaks = [len(leads)] * 2 + [2_000_000] + [0] * 100
    command = [sys.executable, "-c", script, "clean", url, "--region", "US", "--out", "out", "--quiet"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "the connection broke" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_no_library_of_the_net_is_loaded_for_local_files(tmp_path):
    (tmp_path / "leads.csv").write_text("phone\n+14155550100\n")
    script = (
        "import sys\n"
        "from leadsieve_connectors.sources import ReadOptions, open_sources\n"
        "with open_sources(['leads.csv'], ReadOptions()) as sources:\n"
        "    list(sources[0].chunks())\n"
        "print(*sorted({'aiohttp', 'yarl', 's3fs', 'botocore', 'paramiko'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []

"""What may be replaced at OUT, and what never is."""

from __future__ import annotations

import json
import os

import pytest

from leadsieve.exceptions import OutputError
from leadsieve.publish import Staging, check_out, commit, seal, write_json


def publish(out, run_id="one", text="a\n", **options):
    with Staging(check_out(out, overwrite=options.get("overwrite", False)), run_id) as staging:
        (staging.folder / "accepted.csv").write_text(text)
        files = seal(staging.folder, {"accepted.csv": 1})
        write_json(staging.folder / "run.json", {"run_id": run_id, "files": files})
        commit(staging, overwrite=options.get("overwrite", False), exchange=options.get("exchange", True))


def make_nothing(out):
    pass


def make_empty(out):
    out.mkdir()


def make_file(out):
    out.write_text("mine")


def make_other_folder(out):
    out.mkdir()
    (out / "mine.txt").write_text("mine")


def make_earlier(out):
    publish(out, "earlier")


def make_earlier_with_report(out):
    publish(out, "earlier")
    (out / "report.html").write_text("a report")


def make_earlier_damaged(out):
    publish(out, "earlier")
    (out / "accepted.csv").unlink()


def make_earlier_with_stranger(out):
    publish(out, "earlier")
    (out / "notes.txt").write_text("mine")


def make_earlier_with_folder(out):
    publish(out, "earlier")
    (out / "report.html").mkdir()


def make_earlier_with_link(out):
    publish(out, "earlier")
    (out / "accepted.csv").unlink()
    (out / "accepted.csv").symlink_to("/etc/hostname")


def make_foreign_run_json(out):
    out.mkdir()
    (out / "run.json").write_text(json.dumps({"run_id": 7, "files": [{"name": "x"}]}))


def make_run_json_that_names_a_path(out):
    out.mkdir()
    (out / "run.json").write_text(json.dumps({"run_id": "x", "files": [{"name": "../victim"}]}))


def make_link_to_folder(out):
    (out.parent / "elsewhere").mkdir()
    out.symlink_to("elsewhere")


def make_dangling_link(out):
    out.symlink_to("nowhere")


@pytest.mark.parametrize(
    ("make", "plain", "overwrite"),
    [
        (make_nothing, True, True),
        (make_empty, True, True),
        (make_file, False, False),
        (make_other_folder, False, False),
        (make_earlier, False, True),
        (make_earlier_with_report, False, True),
        (make_earlier_damaged, False, True),
        (make_earlier_with_stranger, False, False),
        (make_earlier_with_folder, False, False),
        (make_earlier_with_link, False, False),
        (make_foreign_run_json, False, False),
        (make_run_json_that_names_a_path, False, False),
        (make_link_to_folder, False, False),
        (make_dangling_link, False, False),
    ],
)
def test_what_may_stand_at_out(tmp_path, make, plain, overwrite):
    out = tmp_path / "out"
    make(out)
    for option, allowed in ((False, plain), (True, overwrite)):
        if allowed:
            assert check_out(out, overwrite=option) == out
        else:
            with pytest.raises(OutputError, match=r"out .*--(out|overwrite)") as caught:
                check_out(out, overwrite=option)
            assert caught.value.code == "output_exists"
            assert "\n" not in caught.value.message


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("make", [make_nothing, make_empty, make_earlier, make_earlier_with_report])
def test_publishing_replaces_what_may_be_replaced(tmp_path, make, exchange):
    make(tmp_path / "out")
    publish(tmp_path / "out", "new", "b\n", overwrite=True, exchange=exchange)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["accepted.csv", "run.json"]
    assert (tmp_path / "out" / "accepted.csv").read_text() == "b\n"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_run_may_replace_its_own_publication(tmp_path):
    publish(tmp_path / "out", "same")
    assert check_out(tmp_path / "out", overwrite=False, run_id="same") == tmp_path / "out"
    with pytest.raises(OutputError, match="earlier run"):
        check_out(tmp_path / "out", overwrite=False, run_id="other")


def test_what_comes_to_stand_at_out_during_the_run_is_kept(tmp_path):
    out = tmp_path / "out"
    with Staging(check_out(out, overwrite=True), "one") as staging:
        write_json(staging.folder / "run.json", {"run_id": "one", "files": seal(staging.folder, {})})
        make_other_folder(out)
        with pytest.raises(OutputError, match="not published by leadsieve") as caught:
            commit(staging, overwrite=True)
    assert caught.value.code == "output_exists"
    assert (out / "mine.txt").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("place", [".", "..", "/", "sub/..", "~home", ""])
def test_places_that_are_never_replaced(tmp_path, monkeypatch, place):
    working = tmp_path / "home" / "working"
    (working / "sub").mkdir(parents=True)
    monkeypatch.chdir(working)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    place = tmp_path / "home" if place == "~home" else type(tmp_path)(place)
    with pytest.raises(OutputError) as caught:
        check_out(place, overwrite=True)
    assert caught.value.code == "output_exists"


def test_a_missing_parent_is_created(tmp_path):
    assert check_out(tmp_path / "a" / "b" / "out", overwrite=False) == tmp_path / "a" / "b" / "out"
    assert (tmp_path / "a" / "b").is_dir()


def test_links_before_the_last_part_are_followed(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    assert check_out(tmp_path / "link" / "out", overwrite=False) == tmp_path / "real" / "out"


@pytest.mark.parametrize("out", ["file/out", "/proc/nothing/out", "nul\0l", "x" * 300, "bad\udc80"])
def test_a_place_that_cannot_be_written(tmp_path, out):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught, Staging(check_out(tmp_path / out, overwrite=False), "one"):
        pass
    assert caught.value.code == "output_failed"
    assert "\n" not in caught.value.message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="not writable"):
        check_out(tmp_path / "out", overwrite=False)
    tmp_path.chmod(0o700)


@pytest.mark.parametrize("name", ["'; DROP TABLE runs;--", "a b", "new\nline", "😀", "*?[x]", "-", ".hidden", "%00"])
def test_names_of_out_are_only_names(tmp_path, name):
    publish(tmp_path / name)
    publish(tmp_path / name, "two", overwrite=True)
    assert [path.name for path in tmp_path.iterdir()] == [name]

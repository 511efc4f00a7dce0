"""What a dialler says became of its calls: the last row of a number counts, and no word is guessed."""

from __future__ import annotations

import pytest

from leadsieve.entries import Reading, read_statuses
from leadsieve.exceptions import UsageError
from leadsieve_connectors.campaigns import STATUSES
from leadsieve_rules.headers import fold_header
from leadsieve_rules.profiles import model
from leadsieve_rules.statuses import fold_word, load_statuses

A, B = 919876543210, 919123456789


def _statuses(path, text, *, words=None, status=None, **reading):
    path.write_text(text)
    (found,) = read_statuses([str(path)], Reading(region="IN", **reading), words=words, status=status)
    return {key: STATUSES[code] for key, code in zip(found.entries.keys.tolist(), found.codes.tolist(), strict=True)}


@pytest.mark.parametrize("header", ["status", "Disposition", "Call Status", "RESULT", "outcome", "call_result"])
def test_the_column_is_found_by_its_name(tmp_path, header):
    assert _statuses(tmp_path / "a.csv", f"phone,{header}\n9876543210,busy\n") == {A: "busy"}


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((status, status) for status in STATUSES),
        ("IN PROGRESS", "in_progress"),
        ("In-Progress", "in_progress"),
        ("No  Answer", "no_answer"),
        ("NOANSWER", "no_answer"),
        ("ring no answer", "no_answer"),
        (" Answered ", "completed"),
        ("CONNECTED", "completed"),
        ("Voice Mail", "voicemail"),
    ],
)
def test_words_in_any_spelling(tmp_path, word, status):
    assert _statuses(tmp_path / "a.csv", f'phone,status\n9876543210,"{word}"\n') == {A: status}


def test_the_last_row_of_a_number_counts(tmp_path):
    rows = ["9876543210,busy", "9123456789,failed", "+91 98765 43210,completed", "9123456789,no answer"] * 50
    text = "phone,status\n" + "\n".join([*rows, "9123456789 / 9876543210,voicemail", "9876543210,skipped"]) + "\n"
    assert _statuses(tmp_path / "a.csv", text) == {A: "skipped", B: "voicemail"}


def test_the_callers_own_words_come_first(tmp_path):
    text = "phone,status\n9876543210,Answered\n9123456789,HOT-LEAD\n"
    found = _statuses(tmp_path / "a.csv", text, words={"answered": "in progress", "hot lead": "COMPLETED"})
    assert found == {A: "in_progress", B: "completed"}


def test_one_status_for_all(tmp_path):
    assert _statuses(tmp_path / "a.csv", "9876543210\n9123456789\n", status="No-Answer") == dict.fromkeys(
        (A, B), "no_answer"
    )
    assert _statuses(tmp_path / "b.csv", "phone,status\n9876543210,whatever\n", status="failed") == {A: "failed"}


def test_a_column_that_is_named(tmp_path):
    text = "phone,Status,Disposition\n9876543210,active,busy\n"
    assert _statuses(tmp_path / "a.csv", text, map={"Disposition": "status"}) == {A: "busy"}
    assert _statuses(
        tmp_path / "b.csv", "9876543210,busy\n", map={"column_1": "phone_number", "column_2": "status"}
    ) == {A: "busy"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "phone,status\n9876543210,busy\n9123456789,blurb\n",
            r"a\.csv: row 2, column 'status': .*'blurb' is unknown; ",
        ),
        ("phone,status\nnonsense,blurb\n", r"row 1, .*--word 'blurb=STATUS'"),
        ("phone,status\n9876543210,\n", "row 1, column 'status': there is no status"),
        ("phone,status\n9876543210,\n", "nothing was marked"),
        ("phone,status,result\n9876543210,busy,busy\n", "several columns could hold the status: 'status', 'result'"),
        ("phone,x\n9876543210,busy\n", "no column with statuses among 'phone', 'x'; name it: --map 'COLUMN=status'"),
    ],
)
def test_what_is_unclear_refuses_the_file(tmp_path, text, told):
    with pytest.raises(UsageError, match=told) as caught:
        _statuses(tmp_path / "a.csv", text)
    assert caught.value.code == "invalid_option"


def test_a_status_that_does_not_exist(tmp_path):
    for options in ({"status": "done"}, {"words": {"x": "done"}}):
        with pytest.raises(UsageError, match="status 'done' is unknown; there are pending, "):
            _statuses(tmp_path / "a.csv", "phone,status\n9876543210,busy\n", **options)


def test_a_number_in_the_place_of_a_status_is_not_shown(tmp_path):
    with pytest.raises(UsageError) as caught:
        _statuses(tmp_path / "a.csv", "phone,status\n9876543210,9123456789\n")
    assert "9123456789" not in caught.value.message
    assert "789" in caught.value.message


def test_the_table_of_words_holds():
    known = load_statuses()
    assert STATUSES == model.STATUSES
    assert set(known.words.values()) == set(STATUSES)
    assert all(known.words[fold_word(status)] == status for status in STATUSES)
    assert not known.words.keys() & {
        fold_word(word) for word in ("", "n/a", "closed", "rejected", "wrong number", "dnc")
    }
    assert fold_header("Call Status") in known.columns


def test_no_word_stands_under_two_statuses():
    import tomllib
    from importlib.resources import files

    words = tomllib.loads(files("leadsieve_rules").joinpath("statuses.toml").read_text(encoding="utf-8"))["words"]
    folded = [fold_word(word) for known in words.values() for word in known]
    assert sorted(folded) == sorted(set(folded))

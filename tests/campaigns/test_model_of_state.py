"""Any order of changes leaves what plain dicts say: the changes that hold, made again from nothing, give the state."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from leadsieve_connectors.campaigns import STATUSES
from leadsieve_connectors.exceptions import StateError

CAMPAIGNS = st.sampled_from(["summer", "winter"])
KEYS = st.integers(1, 8)
KEY_SETS = st.sets(KEYS, max_size=6)
# A run that looks for no duplicates imports a number as often as it stands in the file.
IMPORTED = st.dictionaries(KEYS, st.sampled_from([1, 1, 1, 2]), max_size=6)
DELETED = st.sets(st.sampled_from(STATUSES[:3]), max_size=2)
STATUS_MAPS = st.dictionaries(KEYS, st.sampled_from(STATUSES[:3]), max_size=6)


class Model:
    """The changes that hold, each a dict, and what they lead to."""

    def __init__(self):
        self.changes, self.undone = [], []

    def replay(self, before=1 << 30):
        """Make the changes before a position again.

        Returns:
            The contacts, what each mark gave to which contacts, and which contacts each run deleted. A number that
            one run imported twice has two contacts, which are always alike: they are one place here.
        """
        contacts, given, lost = {}, {}, {}
        for change in self.changes:
            if change["seq"] >= before:
                continue
            if change["kind"] == "import":
                lost[change["seq"]] = {
                    place: contacts[place]
                    for place in contacts
                    if place[0] == change["campaign"] and contacts[place][0] in change["delete_first"]
                }
                contacts = {place: rest for place, rest in contacts.items() if place not in lost[change["seq"]]}
                contacts |= {
                    (change["campaign"], key, change["seq"]): ("pending", change["seq"]) for key in change["keys"]
                }
                continue
            given[change["seq"]] = marked = {}
            for key, status in change["statuses"].items():
                places = [place for place in contacts if place[:2] == (change["campaign"], key)]
                if places:
                    latest = max(places)
                    marked[latest] = contacts[latest][0] != status
                    if marked[latest]:
                        contacts[latest] = (status, change["seq"])
        return contacts, given, lost

    def held(self, campaign, before=1 << 30):
        contacts, _, _ = self.replay(before)
        return sorted(
            (*place[1:], *rest)
            for place, rest in contacts.items()
            if place[0] == campaign
            for _ in range(self.count([place]))
        )

    def count(self, places):
        """Say how many contacts stand in some places."""
        keys = {change["seq"]: change["keys"] for change in self.changes if change["kind"] == "import"}
        return sum(keys[seq][key] for _, key, seq in places)

    def holding(self, change):
        """Say which changes keep this one from being undone."""
        seq = change["seq"]
        contacts, given, lost = self.replay()
        later = [other for other in self.changes if other["seq"] > seq]
        runs = [other for other in later if other["kind"] == "import"]
        imported = [*contacts, *(place for places in lost.values() for place in places)]
        if change["kind"] == "import":
            marks = {m for m, marked in given.items() if any(place[2] == seq for place in marked)}
            marks |= {m for m, places in lost.items() if any(place[2] == seq for place in places)}
            if lost[seq]:
                keys = {place[1] for place in lost[seq]}
                marks |= {place[2] for place in imported if place[2] > seq and place[1] in keys}
                marks |= {other["seq"] for other in later if other["campaign"] == change["campaign"]}
            return marks | {other["seq"] for other in runs if seq in other["depends_on"]}
        changed = {place for place, is_changed in given[seq].items() if is_changed}
        marks = {m for m, marked in given.items() if m > seq and changed & set(marked)}
        imports = {place[2] for place in imported if place[2] > seq and place[1] in {p[1] for p in changed}}
        depending = {other["seq"] for other in runs if set(other["depends_on"]) & {p[2] for p in changed}}
        same = {other["seq"] for other in runs if other["campaign"] == change["campaign"]}
        return marks | imports | depending | same


def machine(open_book):
    class Machine(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.folder = tempfile.TemporaryDirectory()
            self.book = open_book(Path(self.folder.name) / "s.duckdb")
            self.model, self.seq, self.lists = Model(), 0, {}

        def teardown(self):
            self.folder.cleanup()

        @rule(
            campaign=CAMPAIGNS, keys=IMPORTED, rejected=KEY_SETS, deleted=st.just(set()) | DELETED, ahead=st.booleans()
        )
        def commit(self, campaign, keys, rejected, deleted, ahead):
            """Import numbers; what is rejected collides with the latest contact of each number that is not deleted."""
            contacts, _, _ = self.model.replay()
            kept = [place for place in contacts if place[0] != campaign or contacts[place][0] not in deleted]
            latest = {key: seq for _, key, seq in sorted(kept, key=lambda place: place[2])}
            collided = [latest[key] for key in rejected - set(keys) if key in latest]
            depends_on = {seq: collided.count(seq) for seq in collided}
            self.seq += 1
            given = [key for key, times in keys.items() for _ in range(times)]
            options = {"depends_on": depends_on, "delete_first": sorted(deleted), "ahead": ahead}
            made = self.book.commit(*given, campaign=campaign, **options)
            assert made == self.seq
            self.model.changes.append(
                {
                    "kind": "import",
                    "seq": self.seq,
                    "id": f"run{self.seq}",
                    "campaign": campaign,
                    "keys": dict(keys),
                    "depends_on": depends_on,
                    "delete_first": deleted,
                }
            )

        @rule(campaign=CAMPAIGNS, statuses=STATUS_MAPS)
        def mark(self, campaign, statuses):
            if not any(c["kind"] == "import" and c["campaign"] == campaign for c in self.model.changes):
                with pytest.raises(StateError, match="there is no campaign"):
                    self.book.mark(statuses, campaign)
                return
            self.seq += 1
            result = self.book.mark(statuses, campaign)
            self.model.changes.append(
                {
                    "kind": "mark",
                    "seq": self.seq,
                    "id": f"mark{self.seq}",
                    "campaign": campaign,
                    "statuses": dict(statuses),
                }
            )
            marked = self.model.replay()[1][self.seq]
            changed = [place for place, is_changed in marked.items() if is_changed]
            assert (result.seq, result.changed, result.unchanged, result.unknown) == (
                self.seq,
                self.model.count(changed),
                self.model.count(marked) - self.model.count(changed),
                len(statuses) - len(marked),
            )

        @rule(data=st.data(), last=st.booleans())
        def undo(self, data, last):
            changes = self.model.changes
            if not changes:
                return
            change = changes[-1] if last else data.draw(st.sampled_from(changes))
            holding = self.model.holding(change)
            assert not (last and holding)
            if holding:
                with pytest.raises(StateError) as caught:
                    self.book.undo(change["id"])
                assert caught.value.code == "state_conflict"
                assert caught.value.message.split()[-2] in {c["id"] for c in changes if c["seq"] in holding}
            else:
                restored = self.model.count(self.model.replay()[2].get(change["seq"], {}))
                undone = self.book.undo(change["id"])
                assert (undone.seq, undone.restored) == (change["seq"], restored)
                changes.remove(change)
                self.model.undone.append(change["id"])

        @rule(key=KEYS)
        def forget(self, key):
            contacts, _, lost = self.model.replay()
            imported = [*contacts, *(place for places in lost.values() for place in places)]
            known = self.book.state.forget(key)
            assert [run.seq for run in known.imported] == sorted({place[2] for place in imported if place[1] == key})
            for change in self.model.changes:
                if change["kind"] == "import":
                    change["keys"].pop(key, None)
                else:
                    change["statuses"].pop(key, None)

        @rule(
            name=st.sampled_from(["dnc", "own"]),
            campaign=st.one_of(st.none(), CAMPAIGNS),
            keys=KEY_SETS,
            replace=st.booleans(),
        )
        def suppress(self, name, campaign, keys, replace):
            assert self.book.suppress(
                *keys, name=name, campaign=campaign, sha256=str(keys), replace=replace
            ).entries == len(keys)
            files = {} if replace else self.lists.get((name, campaign), {})
            self.lists[name, campaign] = files | {str(keys): keys}

        @invariant()
        def everything_is_as_the_model_says(self):
            with self.book.state.held_open():
                self.compare()

        def compare(self):
            for campaign in ("summer", "winter"):
                assert self.book.held(campaign) == self.model.held(campaign)
            files = [self.lists.get((name, owner), {}) for name in ("dnc", "own") for owner in (None, "winter")]
            assert self.book.suppressed("winter") == sorted(
                key for list_ in files for keys in list_.values() for key in keys
            )
            live = [change["id"] for change in self.model.changes]
            changes = [event for event in self.book.state.history() if event.seq]
            events = [event for event in changes if event.kind != "deletion"]
            lost = {seq: self.model.count(places) for seq, places in self.model.replay()[2].items() if places}
            assert {event.seq: event.contacts for event in changes if event.kind == "deletion"} == lost
            runs = [run for name in ("summer", "winter") for run in self.book.state.runs(name)]
            assert {run.seq: run.deleted for run in runs if run.deleted} == lost
            assert [event.id for event in events if event.undone_at is None] == live
            assert sorted(event.id for event in events if event.undone_at is not None) == sorted(self.model.undone)
            assert self.book.state.check() == []

        @rule(campaign=CAMPAIGNS, data=st.data())
        def look_back(self, campaign, data):
            before = data.draw(st.integers(0, self.seq + 1))
            then = self.model.held(campaign, before)
            assert self.book.held(campaign, before_run=before) == then
            counts = Counter(status for _, _, status, _ in then)
            assert self.book.state.statuses(campaign, before_run=before) == counts
            looked_up = self.book.state.lookup(campaign, np.array([1, 3, 8], np.uint64), before_run=before)
            keys = [key for batch in looked_up for key in batch.column("key").to_pylist()]
            assert sorted(keys) == [key for key, *_ in then if key in (1, 3, 8)]

        @rule(data=st.data())
        def tell_of_a_number(self, data):
            """What history says of a number: each run that imported or deleted it, each mark, in order."""
            key = data.draw(KEYS)
            contacts, given, lost = self.model.replay()
            places = [*contacts, *(place for deleted in lost.values() for place in deleted)]
            expected = [(place[2], 2, "import") for place in places if place[1] == key]
            expected += [(m, 0, "mark") for m, marked in given.items() for place in marked if place[1] == key]
            expected += [(r, 1, "deletion") for r, deleted in lost.items() for place in deleted if place[1] == key]
            told = [(event.seq, event.kind) for event in self.book.state.history(key=key) if event.seq]
            assert told == [(seq, kind) for seq, _, kind in sorted(expected)]

    return Machine


def test_any_order_of_changes(open_book):
    run_state_machine_as_test(machine(open_book), settings=settings(max_examples=4, stateful_step_count=10))

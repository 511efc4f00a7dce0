"""Any order of changes leaves what plain dicts say: the changes that hold, made again from nothing, give the state."""

from __future__ import annotations

import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from leadsieve_connectors.campaigns import STATUSES
from leadsieve_connectors.exceptions import StateError

CAMPAIGNS = st.sampled_from(["summer", "winter"])
KEYS = st.integers(1, 8)
KEY_SETS = st.sets(KEYS, max_size=6)
STATUS_MAPS = st.dictionaries(KEYS, st.sampled_from(STATUSES[:3]), max_size=6)


class Model:
    """The changes that hold, each a dict, and what they lead to."""

    def __init__(self):
        self.changes, self.undone = [], []

    def replay(self, before=1 << 30):
        """Make the changes before a position again: contacts, and what each mark gave to which contacts."""
        contacts, given = {}, {}
        for change in self.changes:
            if change["seq"] >= before:
                continue
            if change["kind"] == "import":
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
        return contacts, given

    def held(self, campaign, before=1 << 30):
        contacts, _ = self.replay(before)
        return sorted((key, seq, *rest) for (name, key, seq), rest in contacts.items() if name == campaign)

    def holding(self, change):
        """Say which changes keep this one from being undone."""
        seq = change["seq"]
        contacts, given = self.replay()
        later = [other for other in self.changes if other["seq"] > seq]
        runs = [other for other in later if other["kind"] == "import"]
        if change["kind"] == "import":
            marks = {m for m, marked in given.items() if any(place[2] == seq for place in marked)}
            return marks | {other["seq"] for other in runs if seq in other["depends_on"]}
        changed = {place for place, is_changed in given[seq].items() if is_changed}
        marks = {m for m, marked in given.items() if m > seq and changed & set(marked)}
        imports = {place[2] for place in contacts if place[2] > seq and place[1] in {p[1] for p in changed}}
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

        @rule(campaign=CAMPAIGNS, keys=KEY_SETS, rejected=KEY_SETS)
        def commit(self, campaign, keys, rejected):
            """Import numbers; what is rejected collides with the latest contact of each number there is."""
            contacts, _ = self.model.replay()
            latest = {key: seq for _, key, seq in sorted(contacts, key=lambda place: place[2])}
            collided = [latest[key] for key in rejected - keys if key in latest]
            depends_on = {seq: collided.count(seq) for seq in collided}
            self.seq += 1
            assert self.book.commit(*keys, campaign=campaign, depends_on=depends_on) == self.seq
            self.model.changes.append(
                {
                    "kind": "import",
                    "seq": self.seq,
                    "id": f"run{self.seq}",
                    "campaign": campaign,
                    "keys": set(keys),
                    "depends_on": depends_on,
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
            marked = list(self.model.replay()[1][self.seq].values())
            assert (result.seq, result.changed, result.unchanged, result.unknown) == (
                self.seq,
                sum(marked),
                len(marked) - sum(marked),
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
                assert self.book.undo(change["id"]).seq == change["seq"]
                changes.remove(change)
                self.model.undone.append(change["id"])

        @rule(key=KEYS)
        def forget(self, key):
            contacts, _ = self.model.replay()
            known = self.book.state.forget(key)
            assert [run.seq for run in known.imported] == sorted({place[2] for place in contacts if place[1] == key})
            for change in self.model.changes:
                if change["kind"] == "import":
                    change["keys"].discard(key)
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
            for campaign in ("summer", "winter"):
                assert self.book.held(campaign) == self.model.held(campaign)
            files = [self.lists.get((name, owner), {}) for name in ("dnc", "own") for owner in (None, "winter")]
            assert self.book.suppressed("winter") == sorted(
                key for list_ in files for keys in list_.values() for key in keys
            )
            live = [change["id"] for change in self.model.changes]
            events = [event for event in self.book.state.history() if event.seq]
            assert [event.id for event in events if event.undone_at is None] == live
            assert sorted(event.id for event in events if event.undone_at is not None) == sorted(self.model.undone)
            assert self.book.state.check() == []

        @rule(campaign=CAMPAIGNS, data=st.data())
        def look_back(self, campaign, data):
            before = data.draw(st.integers(0, self.seq + 1))
            assert self.book.held(campaign, before_run=before) == self.model.held(campaign, before)

    return Machine


def test_any_order_of_changes(open_book):
    run_state_machine_as_test(machine(open_book), settings=settings(max_examples=4, stateful_step_count=10))

"""One changed entry in the compiled tables does not go unseen."""

from __future__ import annotations

from typing import Any

import pytest
from phone_mutants import KINDS, Mutator
from phone_view import compiled


@pytest.fixture(scope="module")
def mutator() -> Mutator:
    return Mutator(compiled())


@pytest.mark.parametrize("kind", KINDS)
def test_some_mutants_of_each_kind(mutator: Mutator, kind: str) -> None:
    score = mutator.score(kind, 3, seed=1)
    assert score.made == 3
    assert not score.survived, str(score)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_mutants_of_each_kind(mutator: Mutator, kind: str, record_property: Any) -> None:
    score = mutator.score(kind, 250, seed=2)
    record_property("phone mutants", str(score))
    assert not score.survived, str(score)
    assert score.killed >= 100

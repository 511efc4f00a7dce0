"""Keeps the search for garbage out of the command's start: what modules make as they are imported stays anyway."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from leadsieve.progress import Callback, Progress


@contextmanager
def collecting_from_the_first_rows(progress: Callback | None) -> Iterator[Callback]:
    """Search for no cyclic garbage before the first rows are judged, and never among what was there by then.

    To look through ninety thousand objects again and again takes a tenth of a second, on one core while nothing else
    can be done yet. From the first rows on garbage is searched for as ever: it may hold whole chunks.

    Args:
        progress: The run's own callback; None where it has none.

    Yields:
        The callback to give to the run.
    """
    if not gc.isenabled():
        yield progress or (lambda _: None)
        return

    freezing = not gc.get_freeze_count()  # else to unfreeze would undo what somebody else has done
    begun = False

    def tell(event: Progress) -> None:
        nonlocal begun
        if not begun:
            begun = True
            if freezing:
                gc.freeze()
            gc.enable()
        if progress is not None:
            progress(event)

    gc.disable()
    try:
        yield tell
    finally:
        gc.enable()
        if freezing:
            gc.unfreeze()

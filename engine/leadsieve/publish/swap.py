"""Two folders change places: in one step where the file system can, else in two that leave traces."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import TYPE_CHECKING

from leadsieve.publish.files import sync
from leadsieve.publish.steps import step

if TYPE_CHECKING:
    from pathlib import Path

    from leadsieve.publish.staging import Staging

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
#: What a kernel or file system says that cannot exchange names.
_NO_EXCHANGE = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


def swap(staging: Staging, *, exchange: bool = True) -> None:
    """Put a run's outputs in their place; what stood there ends up in the hidden folder.

    The caller has made sure that what stands there may be replaced.

    Args:
        staging: The hidden folder, locked.
        exchange: Whether to try the exchange of names in one step.

    Raises:
        OSError: The system refuses; what stood there stands there still.
    """
    target = staging.target
    if not target.exists() or not any(target.iterdir()):
        staging.folder.rename(target)
    elif not (exchange and _exchange(staging.folder, target)):
        _rename_twice(staging)
    step("swapped")
    sync(target.parent)
    sync(staging.path)
    step("swap-synced")


def undo_half_swap(staging: Staging) -> None:
    """Put back what a killed process had set aside when it came no further.

    With both folders in the hidden one, the outputs never reached their place.

    Args:
        staging: The hidden folder, locked.

    Raises:
        OSError: The system refuses.
    """
    if staging.aside.is_dir() and staging.folder.is_dir():
        staging.aside.rename(staging.target)
        sync(staging.target.parent)


def _rename_twice(staging: Staging) -> None:
    staging.target.rename(staging.aside)
    try:
        sync(staging.path)
        step("old-set-aside")
        staging.folder.rename(staging.target)
    except BaseException:
        undo_half_swap(staging)
        raise


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system or file system cannot."""
    renameat2 = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if renameat2 is None:
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in _NO_EXCHANGE:
        return False
    raise OSError(code, os.strerror(code), str(other))

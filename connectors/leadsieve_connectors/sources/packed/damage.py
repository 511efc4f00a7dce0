"""What the unpackers raise: they know what is wrong, but not with which file."""

from __future__ import annotations

#: Advice for what cannot be mended.
AGAIN = "get the file again, or pack it anew"


class Damage(Exception):
    """Packed data that is not given out.

    Args:
        what: What is wrong and what to do, to stand behind the file's name.
        code: The stable code of the failure.
    """

    def __init__(self, what: str, code: str = "malformed_file") -> None:
        super().__init__(what)
        self.what = what
        self.code = code


def cut() -> Damage:
    """Return the error for data that ends too early."""
    return Damage(f"ends too early, so a part of it is missing; {AGAIN}")


def foreign() -> Damage:
    """Return the error for data that something else follows."""
    return Damage(f"something foreign follows the compressed data, or it is damaged; {AGAIN}")


def garbled(why: Exception) -> Damage:
    """Return the error for data that a decompressor refuses."""
    reason = " ".join(str(why).split()).rpartition(": ")[2]
    return Damage(f"the compressed data is damaged ({reason}); {AGAIN}")


def too_much_memory(limit: int) -> Damage:
    """Return the error for data that takes more memory to unpack than is given to it."""
    advice = "pack it with a smaller window or dictionary"
    return Damage(f"takes more than {limit >> 20} MB of memory to unpack; {advice}", "resource_limit")

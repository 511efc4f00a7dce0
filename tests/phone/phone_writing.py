"""How a phone number is written: in groups, with marks, in any script, with an extension, in a cell with other text."""

from __future__ import annotations

import random
import re
import re._constants as sre
import re._parser as sre_parser
from functools import cache
from typing import Any

from phonenumbers import phonenumberutil as upstream

DIGITS = "0123456789"


# Strings of a regular expression ---------------------------------------------------------------------------------


@cache
def _tree(pattern: str) -> Any:
    return sre_parser.parse(pattern, re.IGNORECASE if "ext" in pattern else 0)


def sample(pattern: str, draw: random.Random) -> str:
    """Draw a string that the pattern matches (where it has no `$` in the middle)."""
    out: list[str] = []
    _sample(_tree(pattern), draw, out)
    return "".join(out)


def _sample(sequence: Any, draw: random.Random, out: list[str]) -> None:
    for op, value in sequence:
        if op is sre.LITERAL:
            out.append(chr(value))
        elif op is sre.IN:
            out.append(_one_of(draw.choice(value), draw))
        elif op is sre.SUBPATTERN:
            _sample(value[3], draw, out)
        elif op is sre.BRANCH:
            _sample(draw.choice(value[1]), draw, out)
        elif op in {sre.MAX_REPEAT, sre.MIN_REPEAT}:
            low, high, inner = value
            for _ in range(draw.randint(low, min(high, low + 21 if high is not sre.MAXREPEAT else low + 3))):
                _sample(inner, draw, out)
        elif op is not sre.AT:
            raise ValueError(f"this sampler does not know {op}: extend it")


def _one_of(member: Any, draw: random.Random) -> str:
    op, value = member
    if op is sre.LITERAL:
        return chr(value)
    if op is sre.RANGE:
        return chr(draw.randint(*value))
    if op is sre.CATEGORY and value is sre.CATEGORY_DIGIT:
        return draw.choice(DIGITS)
    raise ValueError(f"this sampler does not know {op} {value}: extend it")


# Characters --------------------------------------------------------------------------------------------------------

_BMP = [chr(c) for c in range(0x10000) if not 0xD800 <= c < 0xE000]
PUNCTUATION = re.findall(f"[{upstream._VALID_PUNCTUATION}*]", "".join(_BMP))
#: The zeros of every script that has decimal digits.
ZEROS = [chr(c) for c in range(0x110000) if chr(c).isdecimal() and int(chr(c)) == 0]
COMMON_ZEROS = "\u0660\u06f0\u0966\u09e6\uff10"
DIGIT_LIKE = "\u00b2\u2460\u0be7\u2170\u3007\u00bd\u1369\U0001f101"
PLUSES = ["+", "+", "+", "++", "\uff0b", "+\uff0b", "+ ", "(+", " +", "\ufe62", "+-"]
INVISIBLE = [
    *"\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c",  # direction
    *"\u00a0\u202f\u2007\ufeff\u200b\u2060\u00ad\u3000\u2009\u180e",  # space and none
]
SEPARATORS = [" ", "-", ".", "/", " - ", ") ", " (", "(", ")", "  ", "[", "]", "_", ","]
DASHES = [
    "\u2010",
    "\u2011",
    "\u2013",
    "\u2014",
    "\u2212",
    "\u30fc",
    "\uff0d",
    "~",
    "\uff5e",
    "*",
    "x",
    "X",
    "\u00a0",
    "\u3000",
]
HEADS = [
    "Tel: ",
    "tel:",
    "TEL:",
    "phone ",
    "Mobile no. ",
    " ",
    "\t",
    "(",
    "((",
    "'",
    '"',
    "=",
    "#",
    "*",
    "\u260e ",
    "Rua 7, ",
    "p:",
]
TAILS = [
    " ",
    ".",
    ";",
    ",",
    "'",
    " (home)",
    " or",
    "-",
    "\n",
    "#",
    " #",
    "/",
    "\\",
    " x",
    " ext",
    "+",
    "\u202c",
    "*",
    ")",
    " 2nd",
    "_",
    "\u00e9",
    "\u0967",
]
JUNK = (
    DIGITS
    + "+-()./ x*#,;:[]~_&@!\t\nabcEXT=%\\'\"\u00a0\u2011\uff0b\uff15\u0665\u00b2\u00bd\u0131\u017f\u212a\u2170\u200b\u00e9\u0301\u043e\uff58\U0001f600"
)
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
ODD_LETTERS = "\u0131\u017f\u212a\u00e9\u0391\u0430\uff21\uff58"  # some of them fold into ASCII letters
CONTEXTS = [
    "+1",
    "+44",
    "+91-22",
    "+1-201-555",
    "+999",
    "+",
    "",
    "1",
    "example.com",
    "a-b.co.uk.",
    "a..b",
    "+1+1",
    "+\u0661",
    "+1 2",
    "\u0442.com",
    "9.com",
    "+(0)39",
]


def some_digits(draw: random.Random, count: int) -> str:
    """Draw so many digits."""
    return "".join(draw.choices(DIGITS, k=count))


# Writing ---------------------------------------------------------------------------------------------------------------


def punctuated(draw: random.Random, text: str, marks: list[str]) -> str:
    """Write marks between some characters."""
    share = draw.choice((0.1, 0.25, 0.5))
    return "".join(c + draw.choice(marks) if draw.random() < share else c for c in text)


def grouped(draw: random.Random, text: str) -> str:
    """Write in groups with one separator, as forms and people do."""
    separator = draw.choice(SEPARATORS)
    out, at = [], 0
    while at < len(text):
        size = draw.choice((2, 3, 3, 4, 5))
        out.append(text[at : at + size])
        at += size
    if len(out) > 1 and draw.random() < 0.4:
        which = draw.randrange(min(2, len(out)))
        out[which] = f"({out[which]})"
    return separator.join(out)


def in_script(draw: random.Random, text: str) -> str:
    """Write most digits in another script."""
    zero = draw.choice(COMMON_ZEROS) if draw.random() < 0.6 else draw.choice(ZEROS)
    share = draw.choice((0.2, 0.9, 1.0))
    return "".join(chr(ord(zero) + int(c)) if c in DIGITS and draw.random() < share else c for c in text)


def vanity(draw: random.Random, text: str) -> str:
    """Put letters in place of digits, or among them."""
    count = draw.randrange(1, 9)
    at = draw.randrange(len(text) + 1)
    letters = "".join(draw.choices(LETTERS, k=count))
    if draw.random() < 0.15:
        letters = draw.choice(ODD_LETTERS) + letters
    return text[:at] + letters + text[at + draw.choice((0, count)) :]


def with_extension(draw: random.Random, text: str) -> str:
    """Append an extension in any of libphonenumber's spellings, with as many digits as it allows, or too many."""
    extension = sample(upstream._EXTN_PATTERNS_FOR_PARSING, draw)
    if draw.random() < 0.5:
        extension = re.sub(
            r"\d+", lambda _: some_digits(draw, draw.choice((1, 2, 3, 4, 6, 7, 9, 10, 15, 16, 20, 21))), extension
        )
    if draw.random() < 0.2:
        extension = extension.swapcase()
    if draw.random() < 0.1:
        extension = in_script(draw, extension)
    return (
        text
        + draw.choice(["", "", " ", "-"])
        + extension
        + draw.choice(["", "", "", "#", " ", ".", "/x2", " x3", "x4"])
    )


def in_rfc3966(draw: random.Random, text: str) -> str:
    """Write as a `tel:` URI with parameters, in order and out of it, well formed or not."""
    parts = []
    for _ in range(draw.choice((1, 1, 2, 3))):
        parts.append(
            draw.choice(
                [
                    ";phone-context=" + draw.choice(CONTEXTS),
                    ";isub=" + some_digits(draw, 4),
                    ";ext=" + some_digits(draw, draw.choice((1, 3, 20, 21))),
                    ";EXT=1",
                    ";postd=1",
                    ";isub=1;phone-context=+1",
                    ";i=1",
                    ";phone=1",
                ]
            )
        )
    return (
        draw.choice(["tel:", "tel:", "", "TEL:", " tel: ", "x tel:"])
        + text
        + "".join(parts)
        + draw.choice(["", "", "", "tel:", ";"])
    )


def two_numbers(draw: random.Random, text: str, other: str) -> str:
    """Write a second number into the same cell."""
    return text + draw.choice([" / ", "/", ", ", "; ", " or ", " and ", "\n", " & ", "/x", "\\ x", " ", "|"]) + other


def padded(draw: random.Random, text: str) -> str:
    """Stretch to about 250 characters, where libphonenumber stops reading."""
    wanted = draw.randint(240, 260)
    filler = draw.choice([" ", "-", "x", "1", "0", "a", "(", "\u0661", "\u00a0", "+", ";", "\U0001d7ce"])
    at = draw.choice((0, len(text), draw.randrange(len(text) + 1)))
    return text[:at] + filler * max(0, wanted - len(text)) + text[at:]


def framed(draw: random.Random, text: str) -> str:
    """Put before and after the number what cells hold there."""
    if draw.random() < 0.6:
        text = draw.choice(HEADS) + text
    if draw.random() < 0.6:
        text += draw.choice(TAILS)
    if draw.random() < 0.3:
        mark = draw.choice(INVISIBLE)
        at = draw.randrange(len(text) + 1)
        text = draw.choice([mark + text, text + mark, text[:at] + mark + text[at:]])
    return text

"""Make `leads.csv`: a vendor's lead file as they come, of people who do not exist.

Run it to write the file again; the same bytes come out every time. Phone numbers lie beside the example
numbers of libphonenumber (India's mobile range, North America's fictional 555-01xx, Britain's mobile range),
mail domains are the reserved ones.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable
from pathlib import Path

HEADER = ["Full Name", "Mobile No", "Email Address", "Company", "City", "Source", "Lead Score"]
ROWS = 300

GIVEN = [
    "Aarav",
    "Aditi",
    "Amit",
    "Ananya",
    "Arjun",
    "Deepa",
    "Divya",
    "Farhan",
    "Gaurav",
    "Harpreet",
    "Isha",
    "Karan",
    "Kavya",
    "Lakshmi",
    "Manish",
    "Meera",
    "Neha",
    "Nikhil",
    "Pooja",
    "Priya",
    "Rahul",
    "Rohan",
    "Sana",
    "Shreya",
    "Sunil",
    "Tara",
    "Uma",
    "Vikram",
    "Yash",
    "Zoya",
]
FAMILY = [
    "Agarwal",
    "Bose",
    "Chopra",
    "Das",
    "Desai",
    "Fernandes",
    "Ghosh",
    "Gupta",
    "Iyer",
    "Jain",
    "Joshi",
    "Kapoor",
    "Khan",
    "Kulkarni",
    "Menon",
    "Mehta",
    "Nair",
    "Patel",
    "Pillai",
    "Rao",
    "Reddy",
    "Shah",
    "Sharma",
    "Singh",
    "Verma",
]
OTHER_NAMES = [
    "प्रिया शर्मा",
    "अमित वर्मा",
    "José Álvarez",
    "Zoë Müller",
    "Renée D'Souza",
    "Nguyễn Thị Hoa",
    "Łukasz Żak",
]
COMPANIES = [
    "Banyan Traders",
    "Lotus Textiles, Pvt. Ltd.",
    "Monsoon Foods",
    'The "Blue" Kitchen',
    "Peepal & Sons",
    "Saffron Logistics, Inc.",
    "Tamarind Labs",
    "",
]
CITIES = ["Mumbai", "Pune", "Delhi", "Bengaluru", "Chennai", "Kolkata", "Hyderabad", "Jaipur", "Kochi", "मुंबई"]
SOURCES = ["website", "referral", "trade fair", "facebook", "cold list", "website "]
DOMAINS = ["example.com", "example.org", "example.net"]

INDIAN: list[Callable[[str], str]] = [
    lambda n: n,
    lambda n: f"+91 {n[:5]} {n[5:]}",
    lambda n: f"+91{n}",
    lambda n: f"+91-{n}",
    lambda n: f"0{n}",
    lambda n: f"{n[:5]} {n[5:]}",
    lambda n: f"{n[:5]}-{n[5:]}",
    lambda n: f"91 {n}",
    lambda n: f"(+91) {n[:5]}-{n[5:]}",
    lambda n: f"0091 {n}",
    lambda n: f" {n} ",
    lambda n: f"{n[:4]}.{n[4:7]}.{n[7:]}",
]
FOREIGN = {
    "+1 (201) 555-0{}": (100, 100),
    "+1201555{:04d}": (100, 100),
    "+44 7400 {}": (123_000, 900),
    "+44(0)7400{}": (124_000, 900),
}
BAD_PHONES = [
    "",
    "",
    "",
    "N/A",
    "-",
    "9.19E+11",
    "9.18123E+11",
    "81234",
    "812",
    "not given",
    "0000000000",
    "+999 12345678",
]
BAD_PHONES += [
    "+91 81234 5678901234",
    "same as above",
    "8123400101 / 8123400102",
    "#REF!",
    "+91 22",
    "12345",
]
ODD_PHONES = ["8123400103.0", "'8123400104", "+91 81234 00105 ext. 12", "८१२३४००१०६", "tel:+91-81234-00107"]
ODD_PHONES += ["\u202a+91 81234 00108\u202c", "8123400109x7", "M: 8123400110"]
BAD_EMAILS = [
    "not-an-email",
    "asha@",
    "@example.com",
    "two@@example.com",
    "raj example.com",
    "n/a",
    "x@example..com",
]


class Vendor:
    """Deals the cells; only `random()` is drawn, whose sequence no Python version changes."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def number(self, below: int) -> int:
        return int(self._random.random() * below)

    def one_of(self, values: list[str]) -> str:
        return values[self.number(len(values))]

    def chance(self, share: float) -> bool:
        return self._random.random() < share

    def name(self) -> str:
        name = self.one_of(OTHER_NAMES) if self.chance(0.06) else f"{self.one_of(GIVEN)} {self.one_of(FAMILY)}"
        return f"{name}  " if self.chance(0.05) else name

    def email(self, name: str, row: int) -> str:
        if self.chance(0.04):
            return self.one_of(BAD_EMAILS)
        if self.chance(0.08):
            return ""
        words = [word.lower() for word in name.split() if word.isascii() and word.isalpha()]
        return f"{'.'.join(words or ['lead'])}{row}@{self.one_of(DOMAINS)}"

    def phone(self, row: int) -> str:
        if self.chance(0.09):
            pattern = self.one_of(list(FOREIGN))
            first, count = FOREIGN[pattern]
            return pattern.format(first + row % count)
        return INDIAN[self.number(len(INDIAN))](indian_number(row))

    def row(self, row: int, phone: str | None = None) -> list[str]:
        name = self.name()
        return [
            name,
            self.phone(row) if phone is None else phone,
            self.email(name, row),
            self.one_of(COMPANIES),
            self.one_of(CITIES),
            self.one_of(SOURCES),
            "" if self.chance(0.1) else str(self.number(101)),
        ]


def indian_number(row: int) -> str:
    """Return a national number beside the example 81234 56789: a different one for every row."""
    return f"81234{(row * 7919 + 20_011) % 100_000:05d}"


def records() -> list[list[str]]:
    """Return the rows that a spreadsheet could have saved: good, repeated and with bad cells."""
    vendor = Vendor(20_261)
    rows = [vendor.row(number) for number in range(ROWS)]
    for i, phone in enumerate(BAD_PHONES):
        rows[8 + 15 * i] = vendor.row(8 + 15 * i, phone)
    for i, phone in enumerate(ODD_PHONES):
        rows[14 + 33 * i] = vendor.row(14 + 33 * i, phone)
    for i in range(12):  # the person of an earlier row again, the number spelt in another way
        earlier, later = 20 + 17 * i, 31 + 21 * i
        rows[earlier][1] = INDIAN[i](indian_number(earlier))
        rows[later] = [*rows[earlier]]
        rows[later][1] = INDIAN[(i + 5) % len(INDIAN)](indian_number(earlier))
    rows[5][0] = '=HYPERLINK("https://example.com","Click")'
    rows[47][3] = "Banyan Traders\nUnit 4, Main Road"
    rows[60][0] = "@SUM(A1:A9)"
    rows[75][4] = "  Pune "
    rows[90][0] = ""
    rows[100][2] = "not-an-email"
    return rows


def leads() -> bytes:
    """Return the file: a byte order mark, the records, and between them what spreadsheets do not write."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    for number, row in enumerate(records()):
        writer.writerow(row)
        if number in (33, 120):
            text.write("\n")
        elif number == 150:
            writer.writerow(HEADER)
        elif number == 170:
            text.write("Ravi Short,8123400111,ravi.short@example.com\n")
        elif number == 190:
            text.write("Lata Long,8123400112,lata.long@example.com,Monsoon Foods,Pune,referral,40,call after 6,yes\n")
        elif number == 210:
            text.write(",,,,,,\n   \n")
        elif number == 230:
            text.write("Ren\udce9 Latin,8123400113,rene.latin@example.org,Tamarind Labs,Kochi,website,12\n")
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "surrogateescape")


if __name__ == "__main__":
    Path(__file__).with_name("leads.csv").write_bytes(leads())

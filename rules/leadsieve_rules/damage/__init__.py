"""What spreadsheets do to phone numbers: a closed list of repairs and rejections, between the cells and the kernel.

One rule stands above the list: a number that could be wrong is never accepted. Where a damaged cell has exactly one
reading, it is repaired (`repaired_phone`, a warning with the value before and after); where digits are gone, or two
readings lead to different numbers, the row is rejected. Everything else is left to the kernel as it came.

A *reading* is a way to write the cell as a number; it counts where the kernel finds it valid in the row's region.
A cell is a *number cell* where its text proves that a program held it as a number: such a cell lost its leading zeros
and its plus.

===============  =========================================================  ===========================================
detail           the cell                                                   what happens
===============  =========================================================  ===========================================
apostrophe       begins with an apostrophe (``'`` or a typographic one)     repaired: the apostrophes are dropped
scientific       digits with one decimal point or comma, then E and an      repaired where every digit of the whole
                 exponent: a number cell                                    number is written: 9.19876543210E+11;
                                                                            else `lossy_phone`
decimals         digits, one point, zeros (after 1 to 4 digits at most two  repaired: the point and zeros are dropped
                 zeros; more are a group of a dotted number): a number
                 cell, unless a plus or zero stands before it
leading_zero     a number cell, valid only with a zero before it            repaired: the zero is put back
leading_plus     begins with the region's own country code, and is valid    repaired: the plus is put back
                 only with a plus before it
country_code     a number with its own country code, beside a different     warned of: the number's own code wins
                 one in the country-code column
===============  =========================================================  ===========================================

`lossy_phone` by detail:

- `rounded`: scientific notation in which fewer digits are written than the whole number has (9.19E+11, 1E+10;
  also 9.198765432E+11, whose two zeros would be invented); more than 15 digits, as scientific notation, with `.0`, or
  as plain digits with nothing but zeros after the fifteenth.
- `calculated`: a number cell that is negative, or in scientific notation and not whole: a formula was worked out.
- `ambiguous`: more than one reading is valid, and they differ. A number cell is read as it stands, with a zero before
  it, and, where it begins with the region's own country code, with a plus. A cell with a plus or zero before its
  digits and `.0` after them is read without the `.0`, with its zeros as digits (0301234567.0 in Germany: floats have no
  leading zero, and `.0` is also how some write the extension 0), and without the zeros that may have padded it. Any
  other cell that begins with the region's own country code is read as it stands and with a plus: 62271795522 in
  Indonesia is +62271795522 with its plus lost, or +6262271795522.

Several numbers in one cell, split at ``/ , ; | &``, a line break, "or" and "and"; parts without a letter or digit do
not count:

- `multiple_phones`: two parts or more, each valid alone, even where they are the same number.
- `invalid_phone` (`not_a_number`): the first part, or one that begins with a plus or zero, is valid alone, but the
  whole cell would be read as a number that none of the parts is: "030 123456 / 7" is not 030 1234567. A number
  written with a slash in it, such as 030/1234567, has no such part and is left alone.

Never repaired, because it cannot be told: a lost plus before a foreign country code, and a lost zero in a cell that
is not a number cell. A number rounded before it was written out in full looks like any other number.
"""

from __future__ import annotations

from leadsieve_rules.damage.countries import Countries, read_countries
from leadsieve_rules.damage.findings import phone_findings
from leadsieve_rules.damage.reading import Reading, Repair, read_phones

__all__ = ["Countries", "Reading", "Repair", "phone_findings", "read_countries", "read_phones"]

"""One phone number through `phonenumbers` step by step, to be told to people: the same calls, with what each gave."""

from __future__ import annotations

from dataclasses import dataclass

import phonenumbers
from phonenumbers import CountryCodeSource, NumberParseException, PhoneNumberFormat, PhoneNumberType, ValidationResult

#: Where the country code was found, in words.
_SOURCES = {
    CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN: "plus",
    CountryCodeSource.FROM_NUMBER_WITH_IDD: "prefix",
    CountryCodeSource.FROM_NUMBER_WITHOUT_PLUS_SIGN: "bare",
    CountryCodeSource.FROM_DEFAULT_COUNTRY: "region",
}
_ERRORS = {
    number: name for name, number in vars(NumberParseException).items() if name.isupper() and isinstance(number, int)
}
_LENGTHS = {number: name for name, number in vars(ValidationResult).items() if name.isupper()}


@dataclass(frozen=True, slots=True, kw_only=True)
class ParseSteps:
    """What `phonenumbers` makes of one number.

    Attributes:
        error: Why it does not parse, by libphonenumber's name; None where it does, and only then the rest counts.
        country_code: The country code.
        source: Where that was found: "plus" (behind a plus), "prefix" (behind an international prefix such as 00),
            "bare" (at the beginning, without either), or "region" (nowhere: it is the region's).
        national: The significant digits of the national number, with their leading zeros.
        zeros: How many zeros at its beginning belong to the number, as in Italy.
        extension: The extension; None where there is none.
        length: The ValidationResult's name: "IS_POSSIBLE", "TOO_SHORT" and so on.
        valid: Whether it is valid.
        number_type: Its type.
        region: The region that owns it; None where none does.
        e164: Its E.164 form.
    """

    error: str | None = None
    country_code: int = 0
    source: str = "region"
    national: str = ""
    zeros: int = 0
    extension: str | None = None
    length: str = ""
    valid: bool = False
    number_type: str = "UNKNOWN"
    region: str | None = None
    e164: str | None = None


def parse_steps(raw: str, region: str | None) -> ParseSteps:
    """Read one number.

    Args:
        raw: The number as written.
        region: The region in which a number without a country code is read; None where there is none.

    Example:
        >>> steps = parse_steps("0091 81234 56789", "IN")
        >>> steps.country_code, steps.source, steps.national, steps.e164
        (91, 'prefix', '8123456789', '+918123456789')
    """
    try:
        number = phonenumbers.parse(raw, region, keep_raw_input=True)
    except NumberParseException as error:
        return ParseSteps(error=_ERRORS[error.error_type])
    zeros = (number.number_of_leading_zeros or 1) if number.italian_leading_zero else 0
    return ParseSteps(
        country_code=number.country_code or 0,
        source=_SOURCES[number.country_code_source],
        national=phonenumbers.national_significant_number(number),
        zeros=zeros,
        extension=number.extension,
        length=_LENGTHS[phonenumbers.is_possible_number_with_reason(number)],
        valid=phonenumbers.is_valid_number(number),
        number_type=PhoneNumberType.to_string(phonenumbers.number_type(number)),
        region=phonenumbers.region_code_for_number(number),
        e164=phonenumbers.format_number(number, PhoneNumberFormat.E164),
    )

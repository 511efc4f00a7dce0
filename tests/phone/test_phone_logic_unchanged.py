"""The logic of `phonenumbers` is the one that the kernel replicates: its data may change, its functions may not."""

from __future__ import annotations

import ast
import copy
import inspect
import json

import phonenumbers
import pytest
from phone_logic import PACKAGE, RECORD, Logic, digest, digests
from phonenumbers import phonenumberutil

RECORDED = json.loads(RECORD.read_text("utf-8"))
REACHED = Logic().reached()
SOURCE = inspect.getsource(phonenumberutil)


def complaint(found: dict[str, str]) -> str | None:
    """Say what changed and what to do about it; None where nothing did."""
    known = RECORDED["digests"]
    changed = sorted(name for name in known.keys() & found.keys() if known[name] != found[name])
    parts = [
        f"{word} {', '.join(f'{PACKAGE}.{name}' for name in names)}"
        for word, names in [
            ("changed", changed),
            ("now also calls", sorted(found.keys() - known.keys())),
            ("no longer calls", sorted(known.keys() - found.keys())),
        ]
        if names
    ]
    if not parts:
        return None
    return (
        f"phonenumbers {phonenumbers.__version__} differs in its logic from {RECORDED['phonenumbers']}: "
        f"{'; '.join(parts)}. Compare the two versions of each, bring leadsieve_rules.phone in line with it, run "
        "`python -m pytest tests/phone -m long`, and only then write the new digests: `python tests/phone/phone_logic.py`"
    )


def test_the_logic_is_the_one_that_was_replicated() -> None:
    said = complaint(digests(Logic()))
    assert said is None, said


@pytest.mark.parametrize(
    "name",
    [
        "phonenumberutil.parse",
        "phonenumberutil._maybe_extract_country_code",
        "phonenumberutil._maybe_strip_national_prefix_carrier_code",
        "phonenumberutil._maybe_strip_i18n_prefix_and_normalize",
        "phonenumberutil._parse_prefix_as_idd",
        "phonenumberutil._extract_possible_number",
        "phonenumberutil._build_national_number_for_parsing",
        "phonenumberutil._create_extn_pattern",
        "phonenumberutil._EXTN_PATTERN",
        "phonenumberutil._VALID_PHONE_NUMBER_PATTERN",
        "phonenumberutil._UNWANTED_END_CHARS",
        "phonenumberutil._SECOND_NUMBER_START",
        "phonenumberutil._ALPHA_MAPPINGS",
        "phonenumberutil._RFC3966_PHONE_CONTEXT",
        "phonenumberutil._test_number_length",
        "phonenumberutil._number_type_helper",
        "phonenumberutil._region_code_for_number_from_list",
        "phonenumberutil._MAX_INPUT_STRING_LENGTH",
        "phonenumberutil.SUPPORTED_REGIONS",
        "phonenumberutil.NumberParseException.TOO_SHORT_NSN",
        "phonenumberutil.ValidationResult.IS_POSSIBLE_LOCAL_ONLY",
        "phonemetadata.PhoneMetadata.metadata_for_region_or_calling_code",
        "phonemetadata._same_pattern",
        "re_util.fullmatch",
        "re_util.re_compile",
        "unicode_util.digit",
        "util.U_ZERO",
    ],
)
def test_what_is_followed(name: str) -> None:
    assert name in RECORDED["digests"]


def test_what_is_not_followed() -> None:
    assert not [name for name in RECORDED["digests"] if "format_by_pattern" in name or name.startswith("data.")]


def test_every_way_to_change_a_definition_changes_its_digest() -> None:
    tried = 0
    for name, nodes in REACHED.items():
        before = digest(nodes)
        copies = copy.deepcopy(nodes)
        for node in [inner for root in copies for inner in ast.walk(root)]:
            kept = dict(vars(node))
            if alter(node):
                assert digest(copies) != before, name
                tried += 1
            vars(node).update(kept)
        assert digest(copies) == before
    assert tried > 1000


def alter(node: ast.AST) -> bool:
    """Alter a name, constant, comparison, operator or statement in place; say whether this node is one."""
    match node:
        case ast.Compare():
            node.ops = [ast.Is() if isinstance(node.ops[0], ast.IsNot) else ast.IsNot(), *node.ops[1:]]
        case ast.Name():
            node.id += "_"
        # Text with spaces is a docstring.
        case ast.Constant() if not isinstance(node.value, str) or not node.value.strip().count(" "):
            node.value = (node.value, "altered")
        case ast.BoolOp():
            node.op = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
        case ast.BinOp():
            node.op = ast.Pow()
        case ast.UnaryOp():
            node.op = ast.Invert()
        case ast.If() | ast.For() | ast.While() | ast.Return():
            vars(node)["body" if hasattr(node, "body") else "value"] = [ast.Pass()]
        case _:
            return False
    return True


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (
            "if actual_length in local_lengths:",
            "if actual_length not in local_lengths:",
            "changed phonenumbers.phonenumberutil._test_number_length",
        ),
        (
            "_MAX_LENGTH_FOR_NSN = 17",
            "_MAX_LENGTH_FOR_NSN = 18",
            "changed phonenumbers.phonenumberutil._MAX_LENGTH_FOR_NSN",
        ),
        (
            "ext_limit_when_not_sure = 6",
            "ext_limit_when_not_sure = 7",
            "changed phonenumbers.phonenumberutil._create_extn_pattern",
        ),
        (
            "    carrier_code = U_EMPTY_STRING\n    possible_national_prefix",
            "    carrier_code = format_by_pattern\n    possible_national_prefix",
            "phonenumbers.phonenumberutil.format_by_pattern",
        ),
        (
            "    region_code = region_code_for_number(numobj)\n    return is_valid_number_for_region(numobj, region_code)",
            "    return True",
            "no longer calls phonenumbers.phonenumberutil.country_code_for_valid_region",
        ),
    ],
)
def test_a_change_upstream_is_named(before: str, after: str, named: str) -> None:
    changed = SOURCE.replace(before, after)
    assert changed != SOURCE
    said = complaint(digests(Logic({"phonenumberutil": changed})))
    assert said is not None
    assert named in said
    assert "phone_logic.py" in said


def test_comments_docstrings_layout_and_data_do_not_count() -> None:
    changed = "# a comment\n\n" + SOURCE
    for before, after in [
        ('"""Parse a string and return', '"""Read a string and return'),
        ("    return numobj\n", "    # the end\n    return (numobj)\n"),
        ("_MOBILE_TOKEN_MAPPINGS = {54: u('9')}", "_MOBILE_TOKEN_MAPPINGS = {54: u('8')}"),
    ]:
        assert before in changed
        changed = changed.replace(before, after)
    assert complaint(digests(Logic({"phonenumberutil": changed}))) is None

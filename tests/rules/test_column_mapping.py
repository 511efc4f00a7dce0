"""Headers to fields: what the user said, then kept, exact names, synonyms, slips of the pen; no silent guess."""

# ruff: noqa: RUF001 - headers in many alphabets

from __future__ import annotations

import pickle
import subprocess
import sys
from itertools import permutations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leadsieve_rules.columns import ColumnMap, map_columns, mapping_to_keep
from leadsieve_rules.exceptions import ColumnError
from leadsieve_rules.headers import fold_header, load_tables
from leadsieve_rules.profiles.model import FieldRule

FIELDS = {name: FieldRule(name) for name in ("phone_number", "name", "email", "company")}
EVERY_FIELD = {name: FieldRule(name) for name in (*load_tables().synonyms, "country_code")}


def unique(headers: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    names = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        names.append(header if seen[header] == 1 else f"{header}_{seen[header]}")
    return names


def mapped(
    *headers: str,
    told: dict[str, str] | None = None,
    fields: dict[str, FieldRule] = FIELDS,
    kept: dict[str, str] | None = None,
) -> ColumnMap:
    return map_columns(list(headers), unique(list(headers)), fields, told or {}, kept)


@pytest.mark.parametrize(
    "header",
    [
        "phone",
        "Phone",
        "PHONE NUMBER",
        "PhoneNumber",
        "phone-number",
        " Mobile No. ",
        "mobile_number",
        "Cell Phone",
        "Téléphone No",
        "\uff30\uff28\uff2f\uff2e\uff25",
        "Contact Number",
        "WhatsApp",
        "Tel.",
        "E.164",
        "telephone",
    ],
)
def test_phone_synonyms_in_any_spelling(header: str) -> None:
    found = mapped("id", header)
    assert found.columns["phone_number"] == (header,)
    assert found.how["phone_number"] == "synonym"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Full Name", "name"),
        ("contact_name", "name"),
        ("E-Mail", "email"),
        ("Email Address", "email"),
        ("Organisation", "company"),
        ("organization", "company"),
        ("NAME", "name"),
    ],
)
def test_other_fields(header: str, field: str) -> None:
    assert mapped("phone_number", header).columns[field] == (header,)


def test_names_in_parts_are_not_merged() -> None:
    assert "name" not in mapped("phone", "First Name", "Last Name").columns


def test_the_exact_name_wins_over_synonyms() -> None:
    found = mapped("Mobile", "phone_number", "Phone", "mail", "email")
    assert found.columns == {"phone_number": ("phone_number",), "email": ("email",)}
    assert found.how == {"phone_number": "header", "email": "header"}


def test_one_synonym_of_another_field_is_taken_by_order_of_synonyms() -> None:
    for headers in permutations(["phone", "mail", "e-mail address"]):
        assert mapped(*headers).columns["email"] == ("e-mail address",)


def test_a_profiles_own_field_and_synonyms_come_before_the_common_ones() -> None:
    fields = {**FIELDS, "mobile": FieldRule("mobile"), "city": FieldRule("city", synonyms=("Town", "Org"))}
    found = mapped("Phone", "Mobile", "org", fields=fields)
    assert found.columns == {"phone_number": ("Phone",), "mobile": ("Mobile",), "city": ("org",)}


@pytest.mark.parametrize(
    "columns",
    [
        ("Mobile", "Phone Number"),
        ("Phone 1", "Phone 2"),
        ("Mobile", "WhatsApp"),
        ("Mobile Phone", "Home Phone", "Business Phone"),
        ("电话", "手机"),
        ("Moblie", "Telehpone"),
        ("Moblie 1", "Moblie 2"),
    ],
)
def test_two_phone_columns_are_ambiguous_and_the_message_shows_what_to_type(columns: tuple[str, ...]) -> None:
    with pytest.raises(ColumnError) as caught:
        mapped("name", *columns)
    assert caught.value.code == "ambiguous_phone_column"
    lines = [f"--map '{column}=phone_number'" for column in columns]
    shown = ", ".join(f"'{column}'" for column in columns)
    assert caught.value.message == (
        f"several columns could hold the phone number: {shown}; say which: {lines[0]}; "
        f"or several, in order of preference: {' '.join(lines)}"
    )


def test_of_many_phone_columns_the_line_to_type_stays_short() -> None:
    with pytest.raises(ColumnError) as caught:
        mapped(*(f"Phone {n}" for n in range(1, 40)))
    assert caught.value.message.count("--map") == 4
    assert "and 27 more" in caught.value.message


@pytest.mark.parametrize("headers", [("Mobile", "Mobile"), ("phone_number", "phone_number"), ("Mobile ", "Mobile")])
def test_a_repeated_phone_header_is_refused(headers: tuple[str, ...]) -> None:
    with pytest.raises(ColumnError) as caught:
        mapped(*headers)
    assert caught.value.code == "duplicate_header"


def test_a_repeated_header_of_another_field_is_refused_and_one_of_no_field_is_not() -> None:
    with pytest.raises(ColumnError, match="email") as caught:
        mapped("phone", "Email", "Email")
    assert caught.value.code == "duplicate_header"
    assert mapped("phone", "note", "note").columns == {"phone_number": ("phone",)}


def test_the_user_resolves_a_repeated_header_by_the_unique_names() -> None:
    assert mapped("Mobile", "Mobile", told={"Mobile_2": "phone_number"}).columns["phone_number"] == ("Mobile_2",)
    both = mapped("Mobile", "Mobile", told={"Mobile_2": "phone_number", "Mobile": "phone_number"})
    assert both.columns["phone_number"] == ("Mobile_2", "Mobile")
    with pytest.raises(ColumnError) as caught:
        mapped("Mobile", "Mobile", told={"Mobile": "phone_number"})
    assert caught.value.code == "duplicate_header"


def test_headers_that_differ_by_outer_space_can_be_told_apart() -> None:
    for name in ("Mobile", "Mobile "):
        assert mapped("Mobile ", "Mobile", told={name: "phone_number"}).columns["phone_number"] == (name,)


def test_a_repeated_header_of_which_the_others_are_told_is_free() -> None:
    found = mapped("Mobile", "Mobile", told={"Mobile_2": "company"})
    assert found.columns == {"phone_number": ("Mobile",), "company": ("Mobile_2",)}


def test_told_columns_keep_their_order_and_suppress_guesses() -> None:
    found = mapped("Phone", "Work", "Home", told={"Work": "phone_number", "Home": "phone_number"})
    assert found.columns == {"phone_number": ("Work", "Home")}
    assert found.how == {"phone_number": "map"}


def test_a_told_column_is_no_candidate_for_another_field() -> None:
    found = mapped("Mobile", "Phone", told={"Phone": "company"})
    assert found.columns == {"phone_number": ("Mobile",), "company": ("Phone",)}


@pytest.mark.parametrize(
    ("headers", "told", "code", "said"),
    [
        (["a", "b"], {}, "missing_phone_column", r"'a', 'b'.*--map 'a=phone_number'"),
        (
            ["id", "Alt Phone"],
            {},
            "missing_phone_column",
            r"close: 'Alt Phone'\); name it: --map 'Alt Phone=phone_number'$",
        ),
        (
            ["Contact", "Parent's mobile"],
            {},
            "missing_phone_column",
            r"--map 'Contact=phone_number' or --map 'Parent'\"'\"'s mobile=phone_number'",
        ),
        ([], {}, "missing_phone_column", "no columns"),
        (["Mobile"], {"Mobil": "phone_number"}, "missing_phone_column", r"did you mean 'Mobile'"),
        (
            ["Mobile"],
            {"Mobile": "phone"},
            "invalid_option",
            r"did you mean 'phone_number'.*name, email, company",
        ),
        (["Mobile"], {"Mobile": "phone_number", "mobile": "name"}, "invalid_option", "mapped already"),
        (["it's\nme"], {}, "missing_phone_column", r"--map 'it'\"'\"'s\\nme=phone_number'"),
    ],
)
def test_failures_name_the_code_and_the_remedy(headers: list[str], told: dict[str, str], code: str, said: str) -> None:
    with pytest.raises(ColumnError, match=said) as caught:
        mapped(*headers, told=told)
    assert caught.value.code == code
    assert "\n" not in caught.value.message


# What real files are headed with, in one table: the field, and the headers that are taken for it when they stand
# alone. Under "" nothing is taken.
TAKEN = {
    "phone_number": """
        Phone # | Ph. | Ph No | PhoneNo | Mob. No | MOBILE NO. | mobile_phone | CellPhone | Tel. No. | Contact No.
        customer_contact_number | Whats App | What's App | Whatsapp No | MSISDN | Phone 1 | Phone_1 | phone01 | Mobile 2
        Phone 1 - Value | Company phone | Home Phone | Registered Mobile Number | Phone Number (with country code)
        Moblie | Moblie No | Phone Numer | Phone Nmuber | PhoneNumer | Phnoe | Phonne | Contct No | Telehpone | Telphone
        Telephone Nmuber | Whtsapp | Custmer Phone | Mobil No | Celphone | Moblie 2
        Teléfono | TELEFONO | Nro. Teléfono | Teléfono móvil | Celular | Móvil | Telefone | Telemóvel | Nº Telefone
        N° de téléphone | Tél. | Tél mobile | Portable | GSM | Telefonnummer | Telefon-Nr. | Handy | Mobilfunknummer
        Telefon Firma | Telefon (mobil) | Telefonnumer | Cellulare | Numero di telefono | Telefoonnummer | Mobiele nummer
        Nr telefonu | Telefon komórkowy | Телефон | Моб. телефон | Телефн | Cep Telefonu | TELEFON NUMARASI | İletişim Numarası
        رقم الهاتف | الجوال | मोबाइल नंबर | फ़ोन नंबर | फोन नंबर | No. HP | Nomor Telepon | No. Tel | Số điện thoại | SĐT
        เบอร์โทรศัพท์ | 手机号码 | 联系电话 | 聯絡電話 | 手機 | 電話番号 | 携帯電話 | ＴＥＬ | 전화번호 | 휴대폰 번호 | Τηλέφωνο
    """,
    "name": """
        NAME | FullName | Contact Person | Custmer Name | Nombre completo | Nombre | Nome | Nom et prénom | Kundenname
        Nome e cognome | Naam | Imię i nazwisko | ФИО | Имя | Ad Soyad | الاسم | नाम | Nama Lengkap | Họ và tên | ชื่อ-นามสกุล
        姓名 | 聯絡人 | お名前 | 이름
    """,
    "email": """
        E-mail | EMAIL ID | Mail | Emial | Eamil | E-mial | Emial Id | Email Adress | Correo electrónico | Courriel
        E-Mail-Adresse | Indirizzo email | Эл. почта | E-posta | البريد الالكتروني | ईमेल | อีเมล | 邮箱 | メールアドレス | 이메일
    """,
    "company": """
        Company Name | Organisation | Compnay | Empresa | Raison sociale | Firma | Azienda | Bedrijfsnaam | Компания
        Şirket Adı | الشركة | कंपनी | Perusahaan | Công ty | บริษัท | 公司名稱 | 会社名 | 회사
    """,
    "priority": "Lead Priority | Prioridad | Priorty",
    "expiry_date": "ExpiryDate | Exipry Date",
    "agent_id": "AgentId | Assigned Agent",
    "scheduled_call_date_time": "scheduledCallDateTime | Sheduled Time",
    "": """
        id | No | No. | Number | # | S.No | Contact | Contacts | Contact Type | Contact Reason | Contract No | Contract Number
        Phone type | PhoneType | phonecountry | Phone country | Phone Country Code | Phone Extension | Phone Carrier
        phone_verified | Phone Status | Phone Opt In | Mobile app | Mobile OS | Mobile Data | Mobility | iPhone | Headphone
        Phoned | Telephony | Telefax | Prone | Candy | Nobile | Cell ID | Caller ID | Call Date | Last contacted | Fax Number
        Account Number | Order No | Job No | JobNo | Customer Number | Customer ID | Reference | Emergency Contact Number
        Alternate Mobile | Parent Mobile | Owner Phone | First Name | Last Name | lname | Username | Product Name
        Name of product | Filename | Nomber | Apellidos | Prénom | Vorname | Nachname | Imię | Фамилия | Soyad | 姓 | Ad | Ads
        Email opt-in | Email Status | Email Verified | Emailed | Mailing City | Mail Merge | IP Address | Courrier
        Company Size | Company Website | Employee | Employees | Campaign | Campagne | Кампания | SIRET | Society | Impreza | Account
        Argent | Skills | Expired | City | Country | Date | Kundennummer | Hausnummer | Tipo de teléfono | CEP | Cel | Código
        Номер заказа | Тип телефона | رقم | संख्या | 电话类型 | 전환 | Mobilă | Célula | 123 | - | E16
    """,
}
HEADERS = [
    (field, header.strip())
    for field, lines in TAKEN.items()
    for line in lines.strip().splitlines()
    for header in line.split("|")
]


def field_of(header: str) -> str:
    """The field that a header is taken for where it competes with nothing."""
    try:
        found = mapped(header, fields=EVERY_FIELD)
    except ColumnError:
        found = mapped(header, "phone_number", fields=EVERY_FIELD)
    return next((field for field, columns in found.columns.items() if header in columns), "")


def test_the_table_of_headers_is_no_smaller_than_it_was_measured_with() -> None:
    assert len({header for _, header in HEADERS}) == len(HEADERS) >= 270


@pytest.mark.parametrize(("field", "header"), HEADERS)
def test_real_headers_are_taken_for_their_field_or_not_at_all(field: str, header: str) -> None:
    assert field_of(header) == field


@pytest.mark.parametrize(
    ("header", "confidence"),
    [
        ("Moblie", 1 - 1 / 6),
        ("Phone Numer", 1 - 1 / 6),
        ("Phnoe", 0.8),
        ("Telehpone Nubmer", 1 - 1 / 6),
        ("E-mial", 0.8),
    ],
)
def test_a_slip_is_taken_with_its_likeness(header: str, confidence: float) -> None:
    found = mapped(header, *(["phone_number"] if "mial" in header else []))
    field = "email" if "mial" in header else "phone_number"
    assert found.how[field] == "fuzzy"
    assert found.confidence[field] == pytest.approx(confidence)


def test_everything_but_a_slip_is_certain() -> None:
    found = mapped("a", "b", "Mail", "company", told={"a": "phone_number"}, kept={"b": "name"})
    assert found.how == {"phone_number": "map", "name": "kept", "email": "synonym", "company": "header"}
    assert set(found.confidence.values()) == {1.0}


def test_a_slip_never_competes_with_an_exact_name() -> None:
    found = mapped("Moblie", "Phone", "Emial", "mail")
    assert found.columns == {"phone_number": ("Phone",), "email": ("mail",)}
    assert found.proposed == {"Moblie": "phone_number"}


def test_two_slips_of_another_field_are_both_left_and_proposed() -> None:
    found = mapped("phone", "Emial", "Eamil")
    assert "email" not in found.columns
    assert found.proposed == {"Emial": "email", "Eamil": "email"}


def test_a_repeated_slip_of_the_phone_is_refused() -> None:
    with pytest.raises(ColumnError) as caught:
        mapped("Moblie", "Moblie")
    assert caught.value.code == "duplicate_header"


@pytest.mark.parametrize(
    ("headers", "proposed"),
    [
        (
            ("Phone", "Alternate Phone", "Moblie", "Customer Number", "No.", "Fonte"),
            {"Alternate Phone": "phone_number", "Moblie": "phone_number"},
        ),
        (("Phone", "Phone Type", "iPhone", "Email Status", "City"), {}),
        (("Phone", "Client"), {"Client": "name"}),
        (("Phone", "Client", "Full Name"), {}),
        (("Phone", "Compny Nmae"), {"Compny Nmae": "company"}),
    ],
)
def test_what_is_not_sure_is_proposed_and_not_mapped(headers: tuple[str, ...], proposed: dict[str, str]) -> None:
    found = mapped(*headers)
    assert found.columns["phone_number"] == ("Phone",)
    assert found.proposed == proposed


def test_no_other_phone_is_proposed_where_the_user_named_one() -> None:
    assert mapped("Phone", "Alternate Phone", told={"Phone": "phone_number"}).proposed == {}


def test_numbers_at_the_end_are_order_and_nothing_else() -> None:
    for headers in permutations(["phone", "Email 2", "Email 1"]):
        assert mapped(*headers).columns["email"] == ("Email 1",)
    assert mapped("phone", "Email 2", "Email").columns["email"] == ("Email",)
    assert mapped("phone", "E-mail 3").columns["email"] == ("E-mail 3",)


@pytest.mark.parametrize(
    ("headers", "name"),
    [
        (("Nombre", "Apellidos"), None),
        (("Nom", "Prénom"), None),
        (("Имя", "Фамилия"), None),
        (("Nombre", "Ciudad"), "Nombre"),
        (("Nom", "Prénom", "Nom de famille"), "Nom"),
        (("Nombre completo", "Apellidos"), "Nombre completo"),
        (("Name", "Surname"), "Name"),
        (("First Name",), None),
    ],
)
def test_a_bare_name_beside_the_other_part_is_no_whole_name(headers: tuple[str, ...], name: str | None) -> None:
    found = mapped("phone", *headers)
    assert found.columns.get("name") == (None if name is None else (name,))


def test_a_field_that_the_profile_has_not_is_no_slip_of_one_that_it_has() -> None:
    fields = {name: FieldRule(name) for name in ("phone_number", "agents_id")}
    assert "agents_id" not in mapped("phone", "Agent Id", fields=fields).columns


def test_a_profiles_synonym_may_be_what_is_otherwise_unsure() -> None:
    fields = {"phone_number": FieldRule("phone_number", synonyms=("Contact", "iPhone"))}
    assert mapped("Contact", fields=fields).how == {"phone_number": "synonym"}
    assert mapped("iPhone", fields=fields).how == {"phone_number": "synonym"}


def test_what_was_kept_comes_before_every_name_and_after_what_is_told() -> None:
    kept = {"Second": "phone_number", "First": "phone_number", "Mail": "company"}
    headers = ("phone_number", "First", "Second", "Mail", "company")
    found = mapped(*headers, kept=kept)
    assert found.columns == {"phone_number": ("Second", "First"), "company": ("Mail",)}
    assert found.how == {"phone_number": "kept", "company": "kept"}

    found = mapped(*headers, kept=kept, told={"First": "phone_number", "company": "company"})
    assert found.columns == {"phone_number": ("First",), "email": ("Mail",), "company": ("company",)}
    assert found.how == {"phone_number": "map", "email": "synonym", "company": "map"}


def test_a_kept_column_that_is_told_otherwise_or_is_of_no_field_is_passed_over() -> None:
    kept = {"A": "phone_number", "B": "phone_number", "C": "priority", "gone": "email"}
    found = mapped("A", "B", "C", kept=kept, told={"A": "name"})
    assert found.columns == {"phone_number": ("B",), "name": ("A",)}
    assert mapping_to_keep(found, kept) == {"B": "phone_number", "A": "name", "C": "priority", "gone": "email"}


def test_only_what_the_user_said_is_kept() -> None:
    assert mapping_to_keep(mapped("phone", "Mail")) == {}
    found = mapped("phone", "B", "A", "Mail", told={"A": "phone_number", "B": "phone_number"})
    assert list(mapping_to_keep(found).items()) == [("A", "phone_number"), ("B", "phone_number")]
    again = mapped("phone", "B", "A", "Mail", kept=mapping_to_keep(found))
    assert again.columns == found.columns
    assert mapping_to_keep(again) == mapping_to_keep(found)


def test_a_kept_mapping_of_a_repeated_header_holds() -> None:
    found = mapped("Mobile", "Mobile", told={"Mobile_2": "phone_number"})
    assert mapped("Mobile", "Mobile", kept=mapping_to_keep(found)).columns["phone_number"] == ("Mobile_2",)


def test_rapidfuzz_is_loaded_only_for_headers_that_are_no_known_name() -> None:
    code = (
        "import sys\n"
        f"sys.path[:0] = {[p for p in sys.path if p]!r}\n"
        "from leadsieve_rules.columns import map_columns\n"
        "from leadsieve_rules.profiles.model import FieldRule\n"
        "fields = {'phone_number': FieldRule('phone_number')}\n"
        "for headers in (['Mobile'], ['Mobile', 'Moblie']):\n"
        "    map_columns(headers, headers, fields, {})\n"
        "    print('rapidfuzz' in sys.modules, 'pandas' in sys.modules)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "False", "True", "False"]


def test_thousands_of_headers_are_mapped() -> None:
    headers = [f"Custom field {n} of many" for n in range(5000)]
    found = mapped(*headers, "Moblie")
    assert found.columns == {"phone_number": ("Moblie",)}
    assert found.proposed == {}


def test_errors_pickle_with_their_code() -> None:
    with pytest.raises(ColumnError) as caught:
        mapped("Mobile", "Phone")
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.message) == (caught.value.code, caught.value.message)


def test_long_lists_of_headers_are_cut() -> None:
    with pytest.raises(ColumnError, match="and 988 more"):
        mapped(*(f"c{i}" for i in range(1000)))


def test_no_name_of_the_tables_stands_twice_or_for_two_things() -> None:
    tables = load_tables()
    names = [name for field, names in tables.synonyms.items() for name in (field, *names)]
    names += [name for unsure in tables.unsure.values() for name in unsure]
    folded = [fold_header(name) for name in (*names, *tables.other)]
    assert all(folded)
    assert {name for name in folded if folded.count(name) > 1} == set()
    assert tables.unsure.keys() <= tables.synonyms.keys()
    synonyms = {fold_header(name) for name in tables.synonyms["name"]}
    assert tables.bare <= synonyms
    assert not (tables.given | tables.family) & synonyms
    assert not tables.given & tables.family


def test_vowel_signs_of_other_scripts_are_kept() -> None:
    assert fold_header("मोबाइल") != fold_header("मबइल")
    assert fold_header("###") == ""


@given(st.text())
def test_folding_ignores_outer_space_and_ascii_punctuation(text: str) -> None:
    assert fold_header(f"  {text}\t") == fold_header(text)
    assert all(c.isalnum() or not c.isascii() for c in fold_header(text))


@given(
    st.lists(
        st.sampled_from(["Mobile", "Moblie", "Contact", "email", "Emial", "name", "note", "phone_number", "Company"]),
        max_size=6,
    )
)
def test_a_column_serves_one_field_at_most(headers: list[str]) -> None:
    try:
        found = mapped(*headers)
    except ColumnError:
        assume(False)
    used = [name for names in found.columns.values() for name in names]
    assert len(used) == len(set(used))
    assert "phone_number" in found.columns
    assert found.columns.keys() == found.how.keys() == found.confidence.keys()
    assert not set(used) & set(found.proposed)
    assert pickle.loads(pickle.dumps(found)) == found

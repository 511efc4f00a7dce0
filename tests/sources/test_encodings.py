"""Which encoding a text has, and that no byte of it is lost or swallows its neighbours."""

from __future__ import annotations

import codecs
import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leadsieve_connectors.exceptions import SourceError
from leadsieve_connectors.sources.encodings import Encoding, TextStream, detect_encoding, read_pieces

# ruff: noqa: RUF001
WORDS = {
    "german": "Müller Schäfer Köhler Jürgen Günther Böhm Groß Straße Düsseldorf München Schröder Krüger Anna Peter Weber",
    "french": "Hélène François Benoît Jérôme Émilie Chloé André Lefèvre Orléans Besançon Nîmes Martin Dubois Petit Moreau",
    "spanish": "José María Muñoz Peña Núñez Sánchez González Pérez López Málaga León García Ruiz Moreno Begoña Martín",
    "portuguese": "João São Conceição Gonçalves Simões Magalhães Luís Brandão Guimarães Praça Silva Santos Costa Araújo",
    "polish": "Łukasz Wójcik Zieliński Szymański Woźniak Gdańsk Łódź Kraków Małgorzata Żółkiewskiego Wiśniewska Nowak",
    "czech": "Novák Dvořák Černý Procházka Kučera Veselý Němec Jiří Tomáš Zdeněk Růžena Plzeň České Žižkov Jan Praha",
    "turkish": "Yılmaz Şahin Öztürk Çelik Aydın Yıldız Güneş Kılıç Doğan Çetin Kaya İstanbul Eskişehir Muğla Ayşe Işık",
    "russian": "Иванов Смирнов Кузнецов Попов Васильев Алексей Екатерина Москва Новосибирск улица Ленина проспект Мира дом",
    "greek": "Παπαδόπουλος Γεωργίου Αθήνα Θεσσαλονίκη Οδός Ερμού Γιώργος Μαρία Κωνσταντίνος Ελένη Δημήτρης Βασιλική Χρήστος",
    "hebrew": "כהן לוי מזרחי פרץ ביטון אברהם תל אביב ירושלים חיפה רחוב הרצל שדרות משה יעקב דוד שרה רחל",
    "arabic": "محمد أحمد علي حسن فاطمة خالد عبدالله القاهرة الرياض شارع الملك فهد بيروت بغداد يوسف مريم سعيد",
    "japanese": "佐藤 鈴木 高橋 田中 渡辺 伊藤 東京都 大阪府 京都市 さくら ひろし サトウ スズキ 太郎 花子 丁目 番地 マンション",
    "simplified": "王伟 李芳 张娜 刘敏 陈静 杨丽 赵强 北京市 上海市 朝阳区 海淀区 人民路 中山路 解放街 号楼 单元 有限公司",
    "traditional": "王志明 李淑芬 張雅婷 劉怡君 陳家豪 台北市 高雄市 中正區 信義區 忠孝東路 中山北路 號 樓 有限公司",
    "korean": "김민준 이서연 박지훈 최수빈 정예은 서울특별시 부산광역시 강남구 서초구 테헤란로 아파트 주식회사 홍길동",
}
LEGACY = [
    *(("german", codec) for codec in ("cp1252", "latin-1", "mac-roman", "cp437", "cp850")),
    *(("french", codec) for codec in ("cp1252", "iso-8859-15", "mac-roman")),
    *(("spanish", codec) for codec in ("cp1252", "mac-roman", "cp850")),
    *(("portuguese", codec) for codec in ("cp1252", "mac-roman", "cp850")),
    *(("polish", codec) for codec in ("cp1250", "iso-8859-2", "cp852")),
    *(("czech", codec) for codec in ("cp1250", "iso-8859-2", "cp852")),
    *(("turkish", codec) for codec in ("cp1254", "iso-8859-9")),
    *(("russian", codec) for codec in ("cp1251", "koi8-r", "iso-8859-5", "cp866")),
    *(("greek", codec) for codec in ("cp1253", "iso-8859-7")),
    *(("hebrew", codec) for codec in ("cp1255", "iso-8859-8")),
    *(("arabic", codec) for codec in ("cp1256", "iso-8859-6")),
    *(("japanese", codec) for codec in ("shift_jis", "cp932", "euc-jp")),
    *(("simplified", codec) for codec in ("gb2312", "gb18030")),
    ("traditional", "big5"),
    *(("korean", codec) for codec in ("euc-kr", "cp949")),
]
PLAIN = ["John", "Smith", "Mary", "Main", "Street", "Austin", "call", "office"]


def table(language: str, size: int, share: float = 1.0) -> str:
    """Return about `size` bytes of leads, `share` of whose words are of the language."""
    pick, words, lines, taken = (
        random.Random(f"{language} {size} {share}"),
        WORDS[language].split(),
        ["name,phone\n"],
        0,
    )
    while taken < size:
        name = " ".join(pick.choice(words if pick.random() < share else PLAIN) for _ in range(4))
        lines.append(f"{name},+{pick.randrange(10**11, 10**12)}\n")
        taken += len(lines[-1].encode())
    return "".join(lines)


@pytest.mark.parametrize(("size", "share"), [(1000, 1.0), (40_000, 0.1)])
@pytest.mark.parametrize(("language", "codec"), LEGACY)
def test_legacy_encodings_are_found_by_the_letters_of_names(language, codec, size, share):
    data = table(language, size, share).encode(codec)
    found = detect_encoding(data, None)
    assert data.decode(found.name) == data.decode(codec)
    assert (found.how, found.mark) == ("proposed", False)


@pytest.mark.parametrize("language", ["german", "french", "spanish", "portuguese", "polish", "russian", "japanese"])
@pytest.mark.parametrize("others", [0.0, 0.2, 0.5])
def test_a_text_that_is_partly_utf8_is_never_read_as_another(language, others):
    codec = {"polish": "cp1250", "russian": "cp1251", "japanese": "shift_jis"}.get(language, "cp1252")
    pick, lines = random.Random(1), table(language, 20_000).splitlines(keepends=True)
    data = b"".join(line.encode(codec if pick.random() < others else "utf-8") for line in lines)
    assert detect_encoding(data + b"Zo\xeb,1\n", None) == Encoding("utf-8")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", Encoding("utf-8")),
        (b"a,b\n1,2\n", Encoding("utf-8")),
        ("Zoë,1\n".encode(), Encoding("utf-8")),
        ("Zoë,1\nZo".encode() + "ë".encode()[:1], Encoding("utf-8")),
        (b"\xef\xbb\xbfZo\xeb", Encoding("utf-8", True, "mark")),
        ("\ufeffa".encode("utf-16-le"), Encoding("utf-16-le", True, "mark")),
        ("\ufeffa".encode("utf-16-be"), Encoding("utf-16-be", True, "mark")),
        ("\ufeffa".encode("utf-32-le"), Encoding("utf-32-le", True, "mark")),
        ("\ufeffa".encode("utf-32-be"), Encoding("utf-32-be", True, "mark")),
        (b"a\0b,\0\0c\n\0\0", Encoding("utf-8")),
        (b"phone\0\0\0\0\0name\0\0\0\0\0\0", Encoding("utf-8")),
    ],
)
def test_marks_and_utf8(data, found):
    assert detect_encoding(data, None) == found


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("language", sorted(WORDS))
def test_wide_encodings_are_known_by_where_their_nuls_stand(codec, language):
    data = table(language, 2000).encode(codec)
    for size in (len(data), len(data) - 1, 200):
        assert detect_encoding(data[:size], None) == Encoding(codec, how="pattern")


@pytest.mark.parametrize(
    "data", [b"a,b\nZo\xeb,1\n", b"a,b\nMu\xf1oz,1\n", b"a,b\nM\xfcller,1\n", b"Price \xa320\n" * 3, b"\x80 5\n"]
)
def test_a_handful_of_bytes_is_a_guess_and_said_to_be_one(data):
    found = detect_encoding(data, None)
    assert (found.name, found.how) == ("cp1252", "guessed")
    assert "cp1252" not in found.alternatives
    assert found.alternatives


def test_the_bytes_that_cp1252_lacks_do_not_turn_it():
    data = table("french", 3000).encode("cp1252") + b"x\x81\x8d\x8f\x90\x9d,1\n"
    assert detect_encoding(data, None).name == "cp1252"


def test_bytes_deep_in_a_file_count():
    deep = b"a,b\n" * 400_000 + table("polish", 300_000).encode("cp1250")
    head = deep[: 1 << 20]
    assert detect_encoding(head, None) == Encoding("utf-8")
    pieces = read_pieces(io.BytesIO(deep), len(deep), start=len(head))
    found = detect_encoding(head, None, more=lambda: pieces)
    assert (found.name, found.how) == ("cp1250", "proposed")


def test_what_follows_a_head_that_is_utf8_beyond_doubt_is_not_read():
    def more():
        raise AssertionError

    assert detect_encoding("Zoë\n".encode(), None, more=more) == Encoding("utf-8")
    assert detect_encoding(b"\xef\xbb\xbfa", None, more=more).how == "mark"
    assert detect_encoding(b"Zo\xeb", "cp1252", more=more) == Encoding("cp1252", how="told")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", ""])
@pytest.mark.parametrize("start", [0, 1, 100_000])
def test_pieces_halve_no_character(line_end, start):
    data = ("Zoë東京\N{GRINNING FACE}" + line_end).encode() * 60_000
    pieces = read_pieces(io.BytesIO(data), len(data), start=start)
    assert 1 <= len(pieces) <= 8
    for piece in pieces:
        codecs.getincrementaldecoder("utf-8")().decode(piece)
        assert len(piece) <= 1 << 16
    assert sum(map(len, pieces)) > 300_000


def test_what_is_told_wins_over_what_would_be_found():
    data = table("russian", 3000).encode("cp1251")
    found = detect_encoding(data, "latin-1")
    assert (found.name, found.mark) == ("iso8859-1", False)
    assert detect_encoding(data, "koi8-r") == Encoding("koi8-r", how="told")


@pytest.mark.parametrize(
    ("data", "told", "words"),
    [
        ("\ufeffa,b\n".encode("utf-16-le"), "utf-8", "byte order mark of utf-16-le"),
        ("\ufeffa,b\n".encode("utf-16-le"), "utf-16-be", "byte order mark of utf-16-le"),
        ("\ufeffa,b\n".encode("utf-32-be"), "cp1252", "byte order mark of utf-32-be"),
        ("a,b\n1,2\n".encode("utf-16-le"), "utf-8", "NUL bytes as utf-16-le does"),
        (b"a,b\n1,2\n", "utf-16", "no NUL byte"),
        (b"name\n" + b"Zo\xeb\n" * 5, "utf-8", "no line"),
        (b"name\n" + b"Zo\xeb\n" * 5, "ascii", "no line"),
    ],
)
def test_an_encoding_that_cannot_be_is_refused(data, told, words):
    with pytest.raises(SourceError, match=words) as caught:
        detect_encoding(data, told, source="leads.csv")
    assert caught.value.code == "encoding_error"
    assert caught.value.message.startswith("leads.csv: ")
    assert "--encoding" in caught.value.message


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"name\n" + b"Zo\xeb\n" * 5 + b"Ann\n", "utf-8"),
        (b"name\nZo\xeb\n", "utf-8"),
        (b"\xef\xbb\xbfname\nZo\xeb\n", "cp1252"),
        ("\ufeffa,b\n".encode("utf-16-le"), "utf-16"),
        ("\ufeffa,b\n".encode("utf-16-le"), "UTF-16LE"),
        (b"", "utf-16"),
    ],
)
def test_an_encoding_that_can_be_is_taken(data, told):
    assert detect_encoding(data, told).how == "told"


@pytest.mark.parametrize("told", ["klingon", "hex", "idna", "unicode_escape", "utf-8\0"])
def test_an_unknown_encoding_is_an_invalid_option(told):
    with pytest.raises(SourceError, match="encoding") as caught:
        detect_encoding(b"a,b\n1,2\n", told)
    assert caught.value.code == "invalid_option"


def read(data: bytes, encoding: str, size: int) -> bytes:
    stream = TextStream(io.BytesIO(data), encoding)
    pieces = []
    while piece := stream.read(size):
        pieces.append(piece)
    return b"".join(pieces)


CODECS = [
    *(
        "utf-8",
        "utf-16",
        "utf-16-le",
        "utf-16-be",
        "utf-32-le",
        "utf-7",
        "shift_jis",
        "cp932",
        "euc_jp",
        "iso2022_jp",
        "hz",
    ),
    *(
        "gb2312",
        "gb18030",
        "big5",
        "big5hkscs",
        "cp949",
        "euc_kr",
        "johab",
        "iso2022_kr",
        "cp1252",
        "koi8_r",
        "mac_roman",
    ),
]


@pytest.mark.parametrize("codec", CODECS)
def test_text_is_the_same_wherever_it_is_cut(codec):
    text = 'a,"b\r\n東~\\京",Zoë Ж\u3000\N{GRINNING FACE}\n김,王\n'.encode(codec, "ignore").decode(codec) * 2
    data = text.encode(codec)
    for size in range(1, len(data) + 1):
        assert read(data, codec, size) == text.encode()


BAD = {
    "utf-8": b"\xff",
    "shift_jis": b"\x82",
    "cp932": b"\x81",
    "euc_jp": b"\xa4",
    "gb2312": b"\xb0",
    "gb18030": b"\x81",
    "big5": b"\xa4",
    "cp949": b"\xb0",
    "euc_kr": b"\xb0",
    "johab": b"\x88",
    "cp1252": b"\x81",
}


@pytest.mark.parametrize("after", [b"\n", b"\r\n", b",", b'"', b"1", b"\t", b" "])
@pytest.mark.parametrize("codec", sorted(BAD))
def test_a_bad_byte_costs_itself_and_swallows_nothing(codec, after):
    data = b"a,b\n" + BAD[codec] + after + b"x,y\n" + BAD[codec]
    mark = BAD[codec] if codec == "utf-8" else chr(0xDC00 + BAD[codec][0]).encode("utf-8", "surrogatepass")
    expected = b"a,b\n" + mark + after + b"x,y\n" + mark
    assert read(data, codec, len(data)) == expected
    for size in range(1, len(data)):
        assert read(data, codec, size) == expected


@pytest.mark.parametrize(
    ("data", "bad"),
    [
        ("a\n".encode("utf-16-le") + b"\x3d\xd8" + ",x\ny\n".encode("utf-16-le"), 1),
        ("a\n".encode("utf-16-le") + b"\x00\xdc" + ",x\ny\n".encode("utf-16-le"), 1),
        ("a\nb,x\n".encode("utf-16-le") + b"y", 2),
        ("a\nb\n".encode("utf-16-le") + b"\x3d\xd8", 2),
    ],
)
def test_half_a_character_of_utf16_costs_its_own_line(data, bad):
    for size in range(1, len(data) + 1):
        lines = read(data, "utf-16-le", size).split(b"\n")
        for number, line in enumerate(lines):
            if number == bad:
                with pytest.raises(UnicodeDecodeError):
                    line.decode()
            else:
                line.decode()


@pytest.mark.parametrize("size", [1, 2, 3, 4, 100])
@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"\xef\xbb\xbfa", "utf-8", b"a"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa", "utf-8", b"\xef\xbb\xbfa"),
        (b"\xef\xbb\xbfa\xeb", "cp1252", "aë".encode()),
        (b"a\xef\xbb\xbf", "utf-8", b"a\xef\xbb\xbf"),
        (b"\xef\xbb", "utf-8", b"\xef\xbb"),
        (b"", "utf-8", b""),
        (b"", "utf-16", b""),
        ("\ufeffa".encode("utf-16-be"), "utf-16-be", b"a"),
        ("\ufeffa".encode("utf-16-be"), "utf-16", b"a"),
        ("\ufeff".encode("utf-32-le"), "utf-32-le", b""),
    ],
)
def test_the_byte_order_mark_is_no_text(data, encoding, text, size):
    assert read(data, encoding, size) == text


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=60),
    st.sampled_from(["cp932", "gb18030", "big5", "cp949", "euc_jp", "utf-16-le", "cp1252", "utf-8"]),
)
def test_any_bytes_come_out_the_same_at_every_cut(data, encoding):
    whole = read(data, encoding, len(data) + 1)
    assert all(read(data, encoding, size) == whole for size in (1, 2, 3, 7))
    if encoding not in ("utf-16-le", "utf-8"):
        # Line ends outside characters stay: none of these has one as the second byte of a character.
        assert whole.count(b"\n") == data.count(b"\n")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_have_an_encoding_and_always_the_same(data):
    found = detect_encoding(data, None)
    assert found == detect_encoding(data, None)
    read(data, found.name, 64)


@pytest.mark.parametrize(
    "text",
    [
        "nombre;calle\n" + "Sixto Ibañez;España 229 Nº 6º A\nRuth Nuñez;Mza. 2 Casa 3º D y 4º B\n" * 20,
        "name;note\n" + "Ann;it’s “so” good…\nBob;we won’t\n" * 20,
    ],
)
def test_signs_behind_digits_and_in_words_are_no_letters_of_another_language(text):
    found = detect_encoding(text.encode("cp1252"), None)
    assert text.encode("cp1252").decode(found.name) == text

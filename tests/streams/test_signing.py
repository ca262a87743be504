"""Signatures: who may sign what, and every way in which a record can be wrong."""

import stat

import pytest

from streams.errors import UsageError
from streams.key_files import Role, list_keys, new_key
from streams.signing import KeyRing, SignatureError

TOPIC, KEY, VALUE = "fraud.control", b"prefix:+333", b'{"v":1}'


@pytest.fixture
def directory(tmp_path):
    new_key(tmp_path, Role.DECIDER, "d1")
    new_key(tmp_path, Role.OPERATOR, "noc")
    return tmp_path


def test_what_the_decider_signed_is_verified_with_the_public_half_alone(directory):
    headers = KeyRing.load(directory).signer(Role.DECIDER).sign(TOPIC, KEY, VALUE)
    (directory / "decider/d1.pem").unlink()
    ring = KeyRing.load(directory)
    assert ring.verify(Role.DECIDER, TOPIC, KEY, VALUE, headers) in ring.kids(Role.DECIDER)


def test_the_headers_are_the_contracts(directory):
    headers = dict(KeyRing.load(directory).signer(Role.DECIDER).sign(TOPIC, KEY, VALUE))
    assert (headers["alg"], len(headers["kid"]), len(headers["sig"])) == (b"ed25519", 16, 64)


def without(name):
    return lambda headers: [header for header in headers if header[0] != name]


def with_(name, value):
    return lambda headers: [(header, value if header == name else old) for header, old in headers]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda _: [], "missing"),
        (lambda _: None, "missing"),
        (without("kid"), "kid is missing"),
        (without("alg"), "alg is missing"),
        (without("sig"), "sig is missing"),
        (with_("sig", None), "sig is missing"),
        (lambda headers: [*headers, headers[2]], "not the only one"),
        (with_("kid", b"0123456789abcdef"), "unknown kid"),
        (with_("kid", b"\xff"), "unknown kid"),
        (with_("alg", b"none"), "alg is not"),
        (with_("sig", b"\0" * 64), "bad signature"),
        (with_("sig", b"short"), "bad signature"),
    ],
)
def test_spoilt_headers_are_refused_with_the_reason(directory, spoil, reason):
    ring = KeyRing.load(directory)
    headers = spoil(ring.signer(Role.DECIDER).sign(TOPIC, KEY, VALUE))
    with pytest.raises(SignatureError, match=reason):
        ring.verify(Role.DECIDER, TOPIC, KEY, VALUE, headers)


@pytest.mark.parametrize(
    "record", [("fraud.shadow", KEY, VALUE), (TOPIC, b"prefix:+33", VALUE), (TOPIC, KEY, b'{"v": 1}')]
)
def test_a_signature_is_good_for_its_topic_key_and_bytes_only(directory, record):
    ring = KeyRing.load(directory)
    headers = ring.signer(Role.DECIDER).sign(TOPIC, KEY, VALUE)
    with pytest.raises(SignatureError, match="bad signature"):
        ring.verify(Role.DECIDER, *record, headers)


def test_the_bytes_cannot_be_cut_elsewhere(directory):
    ring = KeyRing.load(directory)
    headers = ring.signer(Role.DECIDER).sign(TOPIC, b"a", b"b\0c")
    with pytest.raises(SignatureError, match="zero byte"):
        ring.verify(Role.DECIDER, TOPIC, b"a\0b", b"c", headers)


def test_an_operator_cannot_command_nor_the_decider_give_orders(directory):
    ring = KeyRing.load(directory)
    for signs, verifies in ((Role.OPERATOR, Role.DECIDER), (Role.DECIDER, Role.OPERATOR)):
        with pytest.raises(SignatureError, match="unknown kid"):
            ring.verify(verifies, TOPIC, KEY, VALUE, ring.signer(signs).sign(TOPIC, KEY, VALUE))


def test_a_key_in_both_roles_still_signs_for_one_only(directory):
    (directory / "operator/d1.pub.pem").write_bytes((directory / "decider/d1.pub.pem").read_bytes())
    ring = KeyRing.load(directory)
    with pytest.raises(SignatureError, match="bad signature"):
        ring.verify(Role.OPERATOR, TOPIC, KEY, VALUE, ring.signer(Role.DECIDER).sign(TOPIC, KEY, VALUE))


def test_a_private_key_is_its_owners_alone_and_never_overwritten(directory):
    path = directory / "decider/d1.pem"
    before = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(UsageError, match="already"):
        new_key(directory, Role.DECIDER, "d1")
    assert path.read_bytes() == before


def test_a_trusted_key_whose_private_half_is_elsewhere_is_not_replaced(directory):
    (directory / "decider/d1.pem").unlink()
    with pytest.raises(UsageError, match="already"):
        new_key(directory, Role.DECIDER, "d1")
    assert not (directory / "decider/d1.pem").exists()


def test_a_private_key_that_others_may_read_signs_nothing(directory):
    (directory / "decider/d1.pem").chmod(0o640)
    with pytest.raises(UsageError, match="chmod 600"):
        KeyRing.load(directory).signer(Role.DECIDER)


@pytest.mark.parametrize("name", ["", "../x", "a b", ".hidden", "a.pub", "x" * 65])
def test_a_name_is_no_path(tmp_path, name):
    with pytest.raises(UsageError, match="key name"):
        new_key(tmp_path, Role.DECIDER, name)
    assert list(tmp_path.iterdir()) == []


def test_which_key_to_sign_with_is_never_guessed(directory):
    new_key(directory, Role.DECIDER, "d2")
    ring = KeyRing.load(directory)
    with pytest.raises(UsageError, match="d1, d2"):
        ring.signer(Role.DECIDER)
    assert ring.signer(Role.DECIDER, "d2").kid != ring.signer(Role.DECIDER, "d1").kid
    with pytest.raises(UsageError, match="no private key d3"):
        ring.signer(Role.DECIDER, "d3")


@pytest.mark.parametrize("content", [b"", b"no key", None])
def test_a_file_that_is_no_key_is_named(directory, content):
    path = directory / "decider/odd.pub.pem"
    path.write_bytes((directory / "decider/d1.pem").read_bytes() if content is None else content)
    with pytest.raises(UsageError, match=r"odd\.pub\.pem: no public key"):
        KeyRing.load(directory)


def test_keys_are_listed_with_where_their_private_half_is(directory):
    (directory / "operator/noc.pem").unlink()
    found = list_keys(directory)
    assert [(key.role, key.name, key.private) for key in found] == [
        (Role.DECIDER, "d1", True),
        (Role.OPERATOR, "noc", False),
    ]


def test_a_directory_that_is_not_there_holds_no_keys(tmp_path):
    ring = KeyRing.load(tmp_path / "none")
    assert ring.kids(Role.DECIDER) == frozenset()
    with pytest.raises(UsageError, match="ringfence keys new"):
        ring.signer(Role.DECIDER)

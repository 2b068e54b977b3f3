"""Keys, pseudonyms and file names of partners."""

import hashlib
import hmac
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import BadInput
from campaigns.identity import (
    load_master_key,
    normalise_phone,
    partner_key,
    partner_slug,
    partner_slugs,
    pseudonym,
)

MASTER = bytes(range(32))
PHONE = "+8613800138000"


def test_the_master_key_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    file = tmp_path / "acquire.key"
    key = load_master_key(None, file)
    assert len(key) == 32
    assert load_master_key(None, file) == key
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]


def test_programs_that_make_the_key_at_once_agree_on_one(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(lambda _: load_master_key(None, tmp_path / "acquire.key"), range(8)))
    assert len(keys) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_the_key_from_outside_wins_and_makes_no_file(tmp_path: Path) -> None:
    assert load_master_key(MASTER.hex(), tmp_path / "acquire.key") == MASTER
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_is_none_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="ACQUIRE_MASTER_KEY is not 64 hexadecimal digits") as caught:
        load_master_key("my secret", tmp_path / "acquire.key")
    assert "my secret" not in str(caught.value)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "acquire.key"
    load_master_key(None, file)
    file.chmod(0o640)
    with pytest.raises(BadInput, match=r"others can read the master key .*; run: chmod 600"):
        load_master_key(None, file)


def test_a_folder_that_is_not_there_holds_no_key(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file or directory; make its folder writable"):
        load_master_key(None, tmp_path / "nowhere" / "acquire.key")


def test_a_partners_key_is_hkdf_of_the_master_key() -> None:
    extracted = hmac.digest(bytes(32), MASTER, "sha256")
    expected = hmac.digest(extracted, b"acquire/partner-key/v1/Alpha\x01", "sha256")
    assert partner_key(MASTER, "Alpha", 1) == expected


def test_two_partners_know_one_person_under_two_names() -> None:
    names = {pseudonym(partner_key(MASTER, partner, v), PHONE) for partner in ("Alpha", "Beta") for v in (1, 2)}
    assert len(names) == 4
    assert hashlib.sha256(PHONE.encode()).hexdigest() not in names


def test_a_partner_computes_the_same_name_with_its_key() -> None:
    key = partner_key(MASTER, "Alpha", 1)
    assert pseudonym(key, PHONE) == hmac.new(key, b"+8613800138000", "sha256").hexdigest()


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "0086 (138) 0013.8000",
        "8613800138000",
        "１３８００１３８０００",
        "＋８６ １３８００１３８０００",
        "+86 (0)13800138000",
        "013800138000",
    ],
)
def test_one_phone_has_one_form_however_it_is_typed(typed: str) -> None:
    assert normalise_phone(typed) == PHONE


def test_other_countries_keep_their_code() -> None:
    assert normalise_phone("+44 (0)20 7946 0018") == "+442079460018"
    assert normalise_phone("020 7946 0018", country_code="44") == "+442079460018"


@given(st.integers(10_000_000_000, 19_999_999_999))
def test_the_normal_form_does_not_change_again(number: int) -> None:
    once = normalise_phone(str(number))
    assert normalise_phone(once) == once


@pytest.mark.parametrize("typed", ["", "hello", "12", "+0013800138000", "1380013800012345678", "13800x38000"])
def test_what_is_no_phone_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(BadInput, match=r"not shown") as caught:
        normalise_phone(typed)
    assert not typed or typed not in str(caught.value)


@pytest.mark.parametrize(
    ("partner", "slug"),
    [
        ("North Media Ltd.", "north-media-ltd"),
        ("腾讯广告", "腾讯广告"),
        ("../../etc/passwd", "etc-passwd"),
        ("ＡＢＣ_1", "abc-1"),
        ("x" * 300, "x" * 60),
    ],
)
def test_a_partner_gets_a_file_name_that_is_safe(partner: str, slug: str) -> None:
    assert partner_slug(partner) == slug


def test_partners_that_would_share_a_file_are_both_named() -> None:
    assert partner_slugs(["Alpha", "Beta", "Alpha"]) == {"Alpha": "alpha", "Beta": "beta"}
    with pytest.raises(BadInput, match="partners 'A&B' and 'a b' would share the file name a-b; rename one"):
        partner_slugs(["A&B", "a b"])


def test_a_partner_without_letters_is_refused() -> None:
    with pytest.raises(BadInput, match=r"partner '!!!' has no letter or digit"):
        partner_slug("!!!")

"""Ids, pseudonyms and keys.

The id on a list is, by default, the partner's own lead id, echoed. A partner that knows people by phone gets a
pseudonym instead: HMAC-SHA-256 of the normalised phone under a key of its own, derived from the master key. The partner
holds its key and computes the same; nobody can join the lists of two partners, and nobody can try all numbers without
the key.

References:
    Krawczyk, Eronen (2010): RFC 5869, HMAC-based Extract-and-Expand Key Derivation Function (HKDF).
    Krawczyk, Bellare, Canetti (1997): RFC 2104, HMAC: Keyed-Hashing for Message Authentication.
    ITU-T (2010): E.164, The international public telecommunication numbering plan.
"""

import hmac
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from acquire.errors import BadInput

KEY_BYTES = 32
MAX_SLUG_LENGTH = 60


def load_master_key(secret: str | None, key_file: Path) -> bytes:
    """Give the master key: the one passed in, else the key file's, which is made at first use.

    The file appears complete or not at all, readable by its owner only; of two programs that make it at once, one wins
    and both use its key.

    Args:
        secret: 64 hexadecimal digits (ACQUIRE_MASTER_KEY); None or empty to use the file.
        key_file: Where the key lies, or will.

    Raises:
        BadInput: The key is not 64 hexadecimal digits, others can read the file, or it cannot be made.
    """
    if secret:
        return _key(secret, "ACQUIRE_MASTER_KEY")
    try:
        if not key_file.exists():
            _make_key_file(key_file)
        if key_file.stat().st_mode & 0o077:
            raise BadInput(f"others can read the master key {key_file}; run: chmod 600 {key_file}")
        return _key(key_file.read_text(encoding="ascii", errors="replace"), str(key_file))
    except OSError as error:
        raise BadInput(f"cannot use the master key {key_file}: {error.strerror}; make its folder writable") from None


def partner_key(master_key: bytes, partner: str, key_version: int) -> bytes:
    """Derive the key that only this partner holds with us (32 bytes); a new version is a new, unrelated key."""
    info = f"acquire/partner-key/v{key_version}/{partner}".encode()
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(master_key)


def pseudonym(key: bytes, phone: str) -> str:
    """Give the partner's name for a phone: HMAC-SHA-256 of its E.164 form (with the plus), 64 hexadecimal digits.

    Args:
        key: From `partner_key`.
        phone: From `normalise_phone`.
    """
    return hmac.digest(key, phone.encode("ascii"), "sha256").hex()


def normalise_phone(phone: str, country_code: str = "86") -> str:
    """Write a phone number the one way it is hashed: E.164, as +8613800000000.

    Full-width digits, blanks, hyphens, dots, brackets, a leading 00 and the 0 before a national number mean nothing.

    Args:
        phone: As somebody typed it.
        country_code: Of numbers that carry none.

    Raises:
        BadInput: It is no phone number. The message does not repeat it.
    """
    typed = unicodedata.normalize("NFKC", phone).replace("(0)", "")
    digits = re.sub(r"[\s\-‐-―−.()/]", "", typed)
    digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not digits.startswith("+"):
        digits = _with_country_code(digits, country_code)
    if not re.fullmatch(r"\+[1-9][0-9]{7,14}", digits):
        raise BadInput("a phone number (not shown) is not one; give 8 to 15 digits with the country code")
    return digits


def partner_slug(partner: str) -> str:
    """Turn a partner's name into a file name: letters and digits of any script in lower case, joined by hyphens.

    Raises:
        BadInput: The name has no letter or digit.
    """
    slug = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", partner).casefold())[:MAX_SLUG_LENGTH].strip("-")
    if not slug:
        raise BadInput(f"partner {partner!r} has no letter or digit to name its files by; rename it")
    return slug


def partner_slugs(partners: Iterable[str]) -> dict[str, str]:
    """Give the slug of each partner.

    Raises:
        BadInput: Two partners would share a file.
    """
    owner: dict[str, str] = {}
    for partner in dict.fromkeys(partners):
        slug = partner_slug(partner)
        if slug in owner:
            raise BadInput(f"partners {owner[slug]!r} and {partner!r} would share the file name {slug}; rename one")
        owner[slug] = partner
    return {partner: slug for slug, partner in owner.items()}


def _with_country_code(digits: str, country_code: str) -> str:
    # Written with its country code but without the plus: what is left is as long as a national mobile number.
    if digits.startswith(country_code) and len(digits) - len(country_code) >= 10:
        return "+" + digits
    return f"+{country_code}{digits.removeprefix('0')}"


def _key(text: str, source: str) -> bytes:
    if not re.fullmatch(r"[0-9a-fA-F]{64}", text.strip()):
        raise BadInput(f"the master key in {source} is not 64 hexadecimal digits; make one with: openssl rand -hex 32")
    return bytes.fromhex(text.strip())


def _make_key_file(key_file: Path) -> None:
    draft = key_file.with_name(f".{key_file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES) + "\n")
            file.flush()
            os.fsync(descriptor)
        # A link never replaces: whoever came first keeps the name, and nobody sees half a key.
        key_file.hardlink_to(draft)
    except FileExistsError:
        return
    finally:
        draft.unlink()

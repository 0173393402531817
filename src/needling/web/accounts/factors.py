"""The second factor: the phone, codes for the day when it is lost, and a new phone in its place.

Everything that looks at a code and remembers that it was used does both while it holds the user's row: of two requests
at once with one code, one gets in.
"""

from __future__ import annotations

import base64
import secrets

from django.db import transaction
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from needling.web.accounts.models import RecoveryCode, User, hashed

PHONE = "phone"
NEXT = "new phone"
"""Names of the device in force, and of one that is being set up in its place."""
CODES = 8
_CODE_BYTES = 10  # 80 random bits: 16 letters, and no table of hashes finds them
_BLOCK = 4
_DIGITS = 6
_MINUTE_S = 60


def _held(user: User) -> User:
    """The user's row, kept from others until the end of the transaction."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk)


def phone_of(user: User) -> TOTPDevice:
    """The user's phone; one that is not confirmed yet where there was none."""
    found = TOTPDevice.objects.filter(user=user, name=PHONE).order_by("-confirmed", "pk")
    device = found.first()
    if device is not None:
        return device
    with transaction.atomic():
        _held(user)
        return found.first() or TOTPDevice.objects.create(user=user, name=PHONE, confirmed=False)


def next_phone(user: User, *, afresh: bool = False) -> TOTPDevice | None:
    """A phone that is to take the place of the one in force; ``afresh`` makes one, with a secret of its own."""
    if not afresh:
        return TOTPDevice.objects.filter(user=user, name=NEXT, confirmed=False).order_by("-pk").first()
    with transaction.atomic():
        _held(user)
        TOTPDevice.objects.filter(user=user, name=NEXT).delete()
        return TOTPDevice.objects.create(user=user, name=NEXT, confirmed=False)


def shown_by(device: TOTPDevice, code: str) -> bool:
    """Whether a device shows this code now; a code counts once.

    Call it in a transaction; wrong codes make the next try wait, longer each time.
    """
    held = TOTPDevice.objects.select_for_update().filter(pk=device.pk).first()
    given = code.replace(" ", "")
    if held is None or len(given) != _DIGITS or not (given.isascii() and given.isdigit()):
        return False
    return bool(held.verify_token(given))


def wrong_code(user: User) -> str:
    """What to say about a code that does not count: also how long the phone's do not, after many wrong ones."""
    allowed, why = phone_of(user).verify_is_allowed()
    until = why.get("locked_until") if why else None
    if allowed or until is None:
        return "This code is not the right one, or no longer. Each counts once and changes every half minute."
    seconds = max(int((until - timezone.now()).total_seconds()) + 1, 1)
    wait = f"{seconds} seconds" if seconds < _MINUTE_S * 2 else f"{-(-seconds // _MINUTE_S)} minutes"
    return (
        f"After wrong codes the next one from a phone counts in {wait}; until then even the right one does not. "
        "A recovery code counts at once."
    )


def use_recovery_code(user: User, code: str) -> bool:
    """Whether this is a recovery code of the user that was not used before; from now on it is."""
    found = RecoveryCode.objects.filter(user=user, code_sha256=hashed(_plain(code)), used=None)
    return found.update(used=timezone.now()) == 1


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def new_codes(user: User) -> list[str]:
    """New recovery codes, shown once; those of before are gone. Call it in a transaction."""
    _held(user)
    RecoveryCode.objects.filter(user=user).delete()
    codes = [base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower() for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(RecoveryCode(user=user, code_sha256=hashed(code)) for code in codes)
    return ["-".join(code[at : at + _BLOCK] for at in range(0, len(code), _BLOCK)) for code in codes]


def codes_left(user: User) -> int:
    """How many recovery codes can still be used."""
    return RecoveryCode.objects.filter(user=user, used=None).count()


def without_factors(user: User) -> None:
    """Take phone and recovery codes away: the next sign-in sets them up. Call it in a transaction."""
    _held(user)
    TOTPDevice.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()

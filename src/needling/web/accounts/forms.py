"""Forms for signing in, joining, and what somebody changes about their own account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from needling.web.accounts.models import Role, User

_NO_MATCH = "This e-mail address and this password do not belong together."
_ADVICE = "At least 12 characters; a few words together are good. Not your name or e-mail address."


def _new_password(label: str = "Password") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=_ADVICE,
        strip=False,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )


def _own_password() -> forms.CharField:
    return forms.CharField(
        label="Your password now",
        strip=False,
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "current-password"}),
    )


def _code(label: str = "Code", hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, help_text=hint, max_length=40, widget=forms.TextInput({"autocomplete": "one-time-code"})
    )


def _fits(form: forms.Form, field: str, user: User) -> None:
    """A new password must not be common, short, or made of the name or the address."""
    given = form.cleaned_data.get(field)
    if given:
        try:
            validate_password(given, user)
        except ValidationError as weak:
            form.add_error(field, weak)


class _NewUser(forms.Form):
    """Name and password of somebody new. ``email``: their address, where the form does not ask for it."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = _new_password()

    def __init__(self, *given: Any, email: str = "", **options: Any) -> None:
        super().__init__(*given, **options)
        self.address = email

    def clean(self) -> dict[str, Any]:
        """Whether the password is good enough for this person."""
        given = super().clean() or {}
        _fits(self, "password", User(name=given.get("name", ""), email=given.get("email") or self.address))
        return given


class SetUp(_NewUser):
    """The first page of a new installation: the clinic and its owner."""

    clinic = forms.CharField(label="Name of the clinic", max_length=120)
    email = forms.EmailField(label="Your e-mail address", widget=forms.EmailInput({"autocomplete": "username"}))
    field_order = ("clinic", "name", "email", "password")


class Join(_NewUser):
    """Somebody who was invited."""


class SignIn(forms.Form):
    """E-mail address and password."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(
        label="Password", strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )

    def __init__(self, request: HttpRequest, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.request = request
        self.user: User | None = None

    def clean(self) -> dict[str, Any]:
        """Whether the two belong together; which of them is wrong is not said."""
        given = super().clean() or {}
        if given.get("email") and given.get("password"):
            self.user = authenticate(self.request, username=given["email"].lower(), password=given["password"])
            if self.user is None:
                raise ValidationError(_NO_MATCH)
        return given


class Code(forms.Form):
    """The six digits of the second factor, or a code from the recovery list."""

    code = _code()


class Renew(forms.Form):
    """A new password, by a link that an owner or whoever runs the server has made."""

    password = _new_password("New password")

    def __init__(self, user: User, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Whether the password is good enough for this person."""
        given = super().clean() or {}
        _fits(self, "password", self.user)
        return given


class _Own(forms.Form):
    """Something about the own account: the password is asked again, and wrong ones count as at the door."""

    current = _own_password()

    def __init__(self, request: HttpRequest, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self.request = request

    def clean_current(self) -> str:
        """Whether it is the password of whoever is signed in."""
        user: Any = self.request.user
        given = str(self.cleaned_data["current"])
        found = authenticate(self.request, username=user.email, password=given)
        if found is None or found.pk != user.pk:
            raise ValidationError("This is not your password.")
        return given


class OwnPassword(_Own):
    """Another password."""

    password = _new_password("New password")

    def clean(self) -> dict[str, Any]:
        """Whether the new one is good enough, and another one."""
        given = super().clean() or {}
        user: Any = self.request.user
        _fits(self, "password", user)
        if given.get("password") and given.get("password") == given.get("current"):
            self.add_error("password", "This is the password that you have now.")
        return given


class OwnFactor(_Own):
    """Password and a code, before anything about the second factor changes."""

    code = _code("Code", "The six digits that your phone shows now, or one of your recovery codes.")
    field_order = ("current", "code")


class Invite(forms.Form):
    """Who is to join, and as what."""

    email = forms.EmailField(label="E-mail address", widget=forms.EmailInput({"autocomplete": "off"}))
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.CLINICIAN)

    def clean_email(self) -> str:
        """An address is one account."""
        given = str(self.cleaned_data["email"]).lower()
        if User.objects.filter(email=given).exists():
            raise ValidationError(
                "Somebody with this address has an account already. A colleague who lost password or phone needs no "
                "invitation: choose them in the list above."
            )
        return given

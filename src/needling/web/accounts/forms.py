"""Forms for signing in and joining."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from needling.web.accounts.models import Role, User


class _NewUser(forms.Form):
    """Name and password of somebody new."""

    name = forms.CharField(label="Your name", max_length=120, widget=forms.TextInput({"autocomplete": "name"}))
    password = forms.CharField(
        label="Password",
        help_text="At least 12 characters; a few words together are good.",
        strip=False,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """The password must not be common, short, or made of the name."""
        given = super().clean() or {}
        if given.get("password"):
            try:
                validate_password(given["password"], User(name=given.get("name", ""), email=given.get("email", "")))
            except ValidationError as weak:
                self.add_error("password", weak)
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
                raise ValidationError("This e-mail address and this password do not belong together.")
        return given


class Code(forms.Form):
    """The six digits of the second factor, or a code from the recovery list."""

    code = forms.CharField(
        label="Code", max_length=20, widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "one-time-code"})
    )


class Invite(forms.Form):
    """Who is to join, and as what."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(label="Role", choices=Role.choices, initial=Role.CLINICIAN)

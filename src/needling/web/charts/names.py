"""Names as they are looked for: small letters without accents, and one space between words."""

from __future__ import annotations

import unicodedata
from typing import Any

from django.db import models

_LONG = 400
_ALONE = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
"""Letters that no accent was put on, as people write them who do not have them."""


def folded(words: str) -> str:
    """Words as they are looked for, whatever their capitals, accents and spaces."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", words).casefold())
    plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return " ".join(plain.translate(_ALONE).split())[:_LONG].strip()


class FoldedField(models.CharField):
    """The label of the same row, folded: nobody who writes the one can forget the other."""

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **{"max_length": _LONG, "editable": False, "default": "", **named})

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        """From the label as it is about to be written."""
        made = folded(str(getattr(model_instance, "label", "")))
        setattr(model_instance, self.attname, made)
        return made

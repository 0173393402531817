"""A device that was used in a session beside the first one: another length, or another lot."""

from datetime import date
from typing import Annotated

from pydantic import Field

from needling.documents import Condition, Document, Id, Text


class Used(Document):
    """One further device of a session, as a recall would look for it.

    ``needle_length_mm`` says for which strokes it was; None: it was not said.
    """

    device: Id
    needle_length_mm: Annotated[float, Field(gt=0, le=5)] | None = None
    condition: Condition = "new"
    lot: Text | None = None
    expiry: date | None = None

"""What is signed on the day of a visit, beside the record of what was done."""

from datetime import date
from typing import Annotated

from pydantic import Field

from needling.documents import Clearance, Document, Fact, Id, Sha256


class VisitCheck(Document):
    """The questions of the day of a session, their answers, and what screening said with them.

    An answer of None was not known on that day, and never reads as "no".
    """

    approval: Sha256
    session: Annotated[int, Field(ge=0, le=200)]
    on: date
    answers: tuple[Fact, ...]
    clearance: Clearance
    by: Id

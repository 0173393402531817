"""What lies in one place of a zone, and where that is."""

from typing import Annotated, Literal

from pydantic import Field

from needling.documents import Document, Id, Text


class Spot(Document):
    """A place on the drawing of a face or a body: shares of its width from the left edge, of its height from the top.

    In the front views the left of the drawing is the person's right.
    """

    view: Literal["face", "front", "back"]
    x_share: Annotated[float, Field(ge=0, le=1)]
    y_share: Annotated[float, Field(ge=0, le=1)]


class Lesion(Document):
    """One thing that was found in a zone, with its place: a mole, a raised scar, a tattoo.

    ``what`` is a yes-no fact of the knowledge base on zones; a lesion makes it true in its zone. ``left_out``: the
    field was marked so that the lesion and the margin around it lie outside; then it says nothing of the field, and is
    kept out of the strokes. Only for facts that ask about the field as marked.
    """

    what: Id
    size_mm: Annotated[float, Field(gt=0, le=500)] | None = None
    note: Text = ""
    spot: Spot | None = None
    left_out: bool = False

"""What every entry of the knowledge is, and how well its sources were read."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

Access = Literal["primary", "abstract", "secondary", "memory"]
Certainty = Literal["high", "moderate", "low", "very-low", "none"]
ClaimVerdict = Literal["supported", "conditional", "unknown", "contradicted", "unsafe"]


class Entry(BaseModel):
    """Base of all knowledge entries: frozen, no unknown keys, no NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)

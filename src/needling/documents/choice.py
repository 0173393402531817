"""What a choice says: each candidate's scorecard, what holds the choice back, and other treatments."""

from typing import Literal

from needling.documents import Citation, Document, Forecast, Goals, Id, Plan, Sha256, Text

UNTOLD = "the forecast cannot tell this plan from doing nothing"
"""Said in ``Choice.because`` where more people were asked and the forecast still cannot tell."""


class Scorecard(Document):
    """One candidate's objectives, as used in the choice. ``total_price`` is None when no price was given."""

    plan: Text
    plan_sha256: Sha256
    gain: float
    gain_low: float
    redness_d: float
    harm_probability: float
    visits_count: int
    utility: float
    on_front: bool
    barred_by: Text = ""
    total_price: float | None = None


class Constraint(Document):
    """One limit that holds the choice back, and what would be chosen without it.

    ``gain_low`` is the careful gain of that plan, ``gain_more`` how much more it is than the chosen plan's.
    """

    limit: Id
    what: Text
    why: Text
    sources: tuple[Citation, ...] = ()
    proposal: bool = False
    plan: Text
    gain_low: float
    gain_more: float


class OtherTreatment(Document):
    """A method that does better than needling for one concern by a comparison that was read, and what is against it."""

    method: Id
    name: Text
    by: Literal["nobody", "person", "clinician", "specialist"]
    concern: Id
    why: Text
    against: Text
    certainty: Literal["high", "moderate", "low", "very-low", "none"]
    access: Literal["primary", "abstract", "secondary", "memory"]
    sources: tuple[Citation, ...] = ()
    proposal: bool = False


class BestListed(Document):
    """The best plan of the listed protocols alone; ``dots_of_50_count`` is of the zone that gains least.

    ``dots_of_50_count`` is None where no gain can be forecast.
    """

    plan: Text
    plan_sha256: Sha256
    dots_of_50_count: int | None = None


class Choice(Document):
    """The chosen plan, its forecast, and all that was compared with it.

    ``constraints`` are the limits whose fall would change the choice, the one that costs most first; ``binding`` says
    it in words. ``closest`` names the candidate that comes closest to the hard limits where none with sessions keeps
    them all. ``other_treatment_wins``: for every concern of the plan an alternative is known to be better, and the
    plan's careful gain is not even one meaningful change, or not known. ``considered_count`` is how many candidates a
    search looked at; None where every one of them has a scorecard here. ``best_listed``: beside a plan that goes beyond
    the listed protocols, the best of those.
    """

    plan: Plan
    forecast: Forecast
    scorecards: tuple[Scorecard, ...]
    runner_up: Text
    binding: Text
    because: Text
    goals: Goals
    constraints: tuple[Constraint, ...] = ()
    closest: Text = ""
    alternatives: tuple[OtherTreatment, ...] = ()
    other_treatment_wins: bool = False
    considered_count: int | None = None
    best_listed: BestListed | None = None

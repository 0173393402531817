"""A plan that somebody set and has not decided on."""

from needling.documents import Document, Goals, Plan


class Draft(Document):
    """A plan to come back to, with the goals that it was looked at with. It is forecast anew each time it is opened."""

    plan: Plan
    goals: Goals = Goals()

"""The open plan-study benchmark: twelve virtual people, a fixed scorecard, and plans that anybody may hand in.

``study`` holds the people, the rules and the form of a submission; ``scorecard`` scores one plan on one person;
``leaderboard`` scores whole submissions, ranks them, and asks whether the ranking hangs on what is not known.
"""

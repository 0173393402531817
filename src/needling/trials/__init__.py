"""Trials on a virtual population: the study, its people, its shards, and what they say."""

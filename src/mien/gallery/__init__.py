"""Identities: face lists and groups of persons, who is whom, and how all of it is deleted."""

from mien.gallery.gallery import Gallery
from mien.gallery.records import (
    LIMITS,
    Candidate,
    Collection,
    Grouping,
    Kind,
    Limits,
    Operation,
    Person,
    Receipt,
    Snapshot,
    State,
    StoredFace,
    Template,
    Training,
    Verdict,
)

__all__ = [
    "LIMITS",
    "Candidate",
    "Collection",
    "Gallery",
    "Grouping",
    "Kind",
    "Limits",
    "Operation",
    "Person",
    "Receipt",
    "Snapshot",
    "State",
    "StoredFace",
    "Template",
    "Training",
    "Verdict",
]

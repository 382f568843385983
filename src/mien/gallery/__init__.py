"""Identities: face lists and groups of persons, who is whom, and how all of it is deleted."""

from mien.gallery.gallery import Gallery
from mien.gallery.named import Enrolled, Match, NamedGalleries
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
    "Enrolled",
    "Gallery",
    "Grouping",
    "Kind",
    "Limits",
    "Match",
    "NamedGalleries",
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

"""Measurements of the gallery: thresholds, persons' scores, groups, the index."""

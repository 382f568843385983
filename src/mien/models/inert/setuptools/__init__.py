"""Stands in for setuptools, so that no line of a downloaded distribution ever runs."""

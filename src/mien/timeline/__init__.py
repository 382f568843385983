"""Statements about people over time: the timeline, its windows, and the Media Analytics JSON."""

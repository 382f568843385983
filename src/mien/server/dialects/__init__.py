"""The wire formats the service speaks: one sub-application each. They never import each other."""

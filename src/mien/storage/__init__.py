"""What is kept: accounts, keys, counters, collections and sealed templates.

The only part of mien that speaks SQL and that knows how templates are encrypted.
"""

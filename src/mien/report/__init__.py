"""What was found, as documents for people and programs."""

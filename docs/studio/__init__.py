"""Screenshots of the studio: python -m docs.studio"""

"""Put on PYTHONPATH of pip when it downloads a source distribution; see fetch.py."""

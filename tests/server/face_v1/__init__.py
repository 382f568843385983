PREFIX = "/face/v1.0"

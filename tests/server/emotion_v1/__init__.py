PREFIX = "/emotion/v1.0"
KEY = "Ocp-Apim-Subscription-Key"
JSON, OCTETS = "application/json", "application/octet-stream"

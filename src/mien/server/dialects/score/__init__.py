"""/score: the contract of the FER+ scoring container (gbaeke/onnxferplus), answered by mien's own
expression model.
"""

from mien.server.dialects.score.app import SCORE

__all__ = ["SCORE"]

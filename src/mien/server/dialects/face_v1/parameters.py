"""The parameters of the query."""

from __future__ import annotations

from mien.server.parameters import Choice, Flag, Number, Target, Text, Words

DETECTION_MODELS = ("detection_01", "detection_02", "detection_03")
RECOGNITION_MODELS = tuple(f"recognition_0{number}" for number in range(1, 5))

RETURN_FACE_ID = Flag("returnFaceId", True, "Keep each face for a while under a faceId.")
REMEMBER_FACE = Flag(
    "returnFaceId",
    False,
    "Keep each face for a while under a faceId, so that it can be advised on with others.",
)
RETURN_LANDMARKS = Flag("returnFaceLandmarks", False, "Give the 27 landmarks of each face.")
RETURN_ATTRIBUTES = Words(
    "returnFaceAttributes", "Attributes to give: their names, with commas between them."
)
RECOGNITION_MODEL = Choice(
    "recognitionModel",
    RECOGNITION_MODELS,
    RECOGNITION_MODELS[0],
    "The model whose name the faceIds bear. All four are one network, and stay incompatible.",
)
RETURN_RECOGNITION_MODEL = Flag("returnRecognitionModel", False, "Give the recognition model.")
DETECTION_MODEL = Choice(
    "detectionModel",
    DETECTION_MODELS,
    DETECTION_MODELS[0],
    "detection_01 gives squares and attributes; the others look closer, and give boxes.",
)
TIME_TO_LIVE = Number("faceIdTimeToLive", 60, 86400, 86400, "Seconds until the faceIds expire.")
FACE_USER_DATA = Text("userData", 1024, "Any text, to be kept with the face.")
TARGET_FACE = Target(
    "targetFace", "left,top,width,height of the face meant, where there are several."
)
PERSON = Text("personId", 64, "Whose face it is to be, if that person is there already.")
START = Text("start", 64, "List what comes after this id.")
TOP = Number("top", 1, 1000, 1000, "List so many at most.")
SNAPSHOT_TYPES = Words("type", "Only snapshots of this type.")
APPLY_SCOPE = Words("applyScope", "Only snapshots that one of these accounts may apply.")
RETURN_RECEIPT = Flag(
    "returnReceipt", False, "Answer with the receipt of the deletion (an extension of mien)."
)

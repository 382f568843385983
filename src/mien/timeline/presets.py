"""The JSON presets of Azure Media Face Detector and Redactor, and the FaceDetectorPreset of v3.

Read as leniently as the services did (case of names and values, single quotes, numbers as text).
An option nobody knows is an error: a misspelt one must not quietly change the result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any, NoReturn

from mien.errors import ConfigurationError
from mien.timeline.windows import DEFAULT_MS, check_lengths

DETECTOR, REDACTOR = "face_detector", "redactor"
DETECTOR_MODES = ("faces", "perFaceEmotion", "aggregateEmotion")
REDACTOR_MODES = ("combined", "analyze", "redact")
BLUR_TYPES = ("Low", "Med", "High", "Box", "Black")
RESOLUTIONS = ("SourceResolution", "StandardDefinition")
V3_TYPE = "#Microsoft.Media.FaceDetectorPreset"

V2_NAMES = ("version", "options")
V2_OPTIONS = (
    "mode",
    "trackingMode",
    "aggregateEmotionWindowMs",
    "aggregateEmotionIntervalMs",
    "blurType",
    "maxFaces",
    "mien",
)
V3_NAMES = ("@odata.type", "resolution", "mode", "blurType", "experimentalOptions")
MAX_CHARACTERS = 1 << 16

# A string without an end is taken up to the end of the text, so that the search stays linear.
_STRING = re.compile(r""""(?:[^"\\]|\\.)*+"?|'((?:[^'\\]|\\.)*+)'?""", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Preset:
    """What a task is to do. Values are spelt as in the documentation, whatever the preset had.

    `kind` is "face_detector" or "redactor" and tells which modes there are. `window_ms` and
    `interval_ms` matter in aggregateEmotion only, `blur_type` in combined and redact only,
    `max_faces` (of the whole video; None: all) in the detector's modes only. `mien` is what the
    Redactor of mien can do beyond Azure's, as it was given; whoever does it reads it.

    Raises:
        ConfigurationError: no such mode for this kind, no such blur type or resolution, window and
            interval outside their limits, or a wrong number of faces.
    """

    kind: str = DETECTOR
    mode: str = "faces"
    window_ms: int = DEFAULT_MS
    interval_ms: int = DEFAULT_MS
    blur_type: str = "Med"
    max_faces: int | None = None
    resolution: str = "SourceResolution"
    experimental: Mapping[str, str] = field(default_factory=dict, hash=False)
    mien: Mapping[str, Any] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, (DETECTOR, REDACTOR))
        modes = DETECTOR_MODES if self.kind == DETECTOR else REDACTOR_MODES
        object.__setattr__(self, "mode", _one_of("mode", self.mode, modes))
        object.__setattr__(self, "blur_type", _one_of("blurType", self.blur_type, BLUR_TYPES))
        resolution = _one_of("resolution", self.resolution, RESOLUTIONS)
        object.__setattr__(self, "resolution", resolution)
        check_lengths(self.window_ms, self.interval_ms)
        if self.max_faces is not None and self.max_faces < 1:
            raise ConfigurationError(f"maxFaces must be at least 1, got {self.max_faces}")
        if self.max_faces is not None and self.kind != DETECTOR:
            raise ConfigurationError("maxFaces is for the Face Detector; the Redactor hides all")
        if self.mien is not None and self.kind != REDACTOR:
            raise ConfigurationError("'mien' is for the Redactor, not for the Face Detector")

    def replaced(
        self,
        *,
        mode: str | None = None,
        window_ms: str | int | None = None,
        interval_ms: str | int | None = None,
    ) -> Preset:
        """The same preset with what was said on a command line laid over it; None changes nothing.

        Raises:
            ConfigurationError: as for a preset.
        """
        changes: dict[str, Any] = {}
        if mode is not None:
            changes["mode"] = mode
        if window_ms is not None:
            changes["window_ms"] = _milliseconds("aggregateEmotionWindowMs", window_ms)
        if interval_ms is not None:
            changes["interval_ms"] = _milliseconds("aggregateEmotionIntervalMs", interval_ms)
        return replace(self, **changes)


def parse_preset(text: str, *, kind: str | None = None) -> Preset:
    """Read a preset.

    Args:
        text: the JSON, as printed in the documentation of the services.
        kind: "face_detector" or "redactor", where the task names its processor; otherwise the
            options tell, and a preset without any is one of the Face Detector.

    Raises:
        ConfigurationError: not JSON (XML, for one), unknown names or values, values outside their
            limits, a redactor's preset without a mode, or a preset of the other kind.
    """
    given = _named(_decoded(text), "preset")
    if "@odata.type" in given or given.keys() & {"mode", "resolution", "experimentaloptions"}:
        preset = _version_3(given)
    else:
        preset = _version_2(given, kind)
    if kind is not None and kind != preset.kind:
        raise ConfigurationError(f"mode '{preset.mode}' is not one of the {kind} but of the other")
    return preset


def _version_2(given: dict[str, Any], kind: str | None) -> Preset:
    _check_names(given, V2_NAMES)
    if str(given.get("version", "1.0")) not in ("1.0", "1"):
        raise ConfigurationError(f"the preset's version must be 1.0, got {given['version']!r}")
    options = _named(given.get("options", {}), "options")
    _check_names(options, V2_OPTIONS)
    mode = options.get("mode")
    tracking = options.get("trackingmode", "Fast")
    if isinstance(mode, str) and mode.strip().lower() == "fast":
        mode, tracking = None, mode  # the table of the documentation calls TrackingMode "Mode"
    _one_of("trackingMode", tracking, ("Fast",))
    kind = _kind_of(mode, options) if kind is None or mode is not None else kind
    own = options.get("mien")
    if own is not None and not isinstance(own, dict):
        raise ConfigurationError(f"'mien' must be a JSON object, got {_shown(own)}")
    if kind == REDACTOR and mode is None:
        raise ConfigurationError(f"a redactor's preset needs a mode: {', '.join(REDACTOR_MODES)}")
    return Preset(
        kind=kind,
        mode="faces" if mode is None else mode,
        window_ms=_milliseconds(V2_OPTIONS[2], options.get("aggregateemotionwindowms", DEFAULT_MS)),
        interval_ms=_milliseconds(
            V2_OPTIONS[3], options.get("aggregateemotionintervalms", DEFAULT_MS)
        ),
        blur_type=options.get("blurtype", "Med"),
        max_faces=_whole("maxFaces", options["maxfaces"]) if "maxfaces" in options else None,
        mien=own,
    )


def _version_3(given: dict[str, Any]) -> Preset:
    _check_names(given, V3_NAMES)
    _one_of("@odata.type", given.get("@odata.type", V3_TYPE), (V3_TYPE,))
    experimental = given.get("experimentaloptions", {})
    if not isinstance(experimental, dict) or not all(
        isinstance(value, str) for value in experimental.values()
    ):
        raise ConfigurationError("experimentalOptions must be an object of texts")
    return Preset(
        kind=REDACTOR,
        mode=given.get("mode", "analyze"),
        blur_type=given.get("blurtype", "Med"),
        resolution=given.get("resolution", "SourceResolution"),
        experimental=experimental,
    )


def _kind_of(mode: object, options: dict[str, Any]) -> str:
    if mode is None:
        return REDACTOR if options.keys() & {"blurtype", "mien"} else DETECTOR
    known = _one_of("mode", mode, DETECTOR_MODES + REDACTOR_MODES)
    return DETECTOR if known in DETECTOR_MODES else REDACTOR


def _decoded(text: str) -> object:
    text = text.removeprefix("\ufeff").strip()
    if not text:
        raise ConfigurationError('the preset is empty; the smallest one is {"version":"1.0"}')
    if len(text) > MAX_CHARACTERS:
        raise ConfigurationError(f"the preset is longer than {MAX_CHARACTERS} characters")
    if text.startswith("<"):
        raise ConfigurationError("the preset is XML; write it as JSON, like {'version':'1.0'}")
    try:
        return json.loads(
            _STRING.sub(_double_quoted, text),
            object_pairs_hook=_once_each,
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"the preset is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}"
        ) from error
    except RecursionError as error:
        raise ConfigurationError("the preset is nested too deeply") from error
    except ConfigurationError:
        raise
    except ValueError as error:
        # the one ValueError left: Python's guard against integers of thousands of digits
        raise ConfigurationError("the preset holds a number of too many digits") from error


def _double_quoted(token: re.Match[str]) -> str:
    """A string in single quotes as JSON has it."""
    inside = token.group(1)
    if inside is None:
        return token.group()
    swapped = {"\\'": "'", '"': '\\"'}
    return '"' + re.sub(r'\\.|"', lambda m: swapped.get(m.group(), m.group()), inside) + '"'


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen: set[str] = set()
    for name, _ in pairs:
        if name.lower() in seen:
            raise ConfigurationError(f"the preset gives '{name}' twice")
        seen.add(name.lower())
    return dict(pairs)


def _named(value: object, what: str) -> dict[str, Any]:
    """An object under lower-case names; null is as good as not given."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ConfigurationError(f"the {what} must be a JSON object, got {_shown(value)}")
    return {name.lower(): inner for name, inner in value.items() if inner is not None}


def _check_names(given: dict[str, Any], known: tuple[str, ...]) -> None:
    spelt = {name.lower(): name for name in known}
    for name in given:
        if name not in spelt:
            close = get_close_matches(name[:40], spelt, 1)
            hint = f"did you mean {spelt[close[0]]}?" if close else f"known are {', '.join(known)}"
            raise ConfigurationError(f"the preset has an unknown option '{name[:40]}'; {hint}")


def _one_of(name: str, value: object, known: tuple[str, ...]) -> str:
    if isinstance(value, str):
        for spelling in known:
            if spelling.lower() == value.strip().lower():
                return spelling
    raise ConfigurationError(f"{name} must be one of {', '.join(known)}, got {_shown(value)}")


def _milliseconds(name: str, value: object) -> int:
    return _whole(name, value, " of milliseconds", "; half a second is 500")


def _whole(name: str, value: object, of: str = "", hint: str = "") -> int:
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = None
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ConfigurationError(f"{name} must be a number{of}, got {_shown(value)}")
    if number != number or number in (float("inf"), float("-inf")) or number != int(number):
        raise ConfigurationError(f"{name} must be a whole number{of}, got {_shown(value)}{hint}")
    return int(number)


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:40] + "…"


def _no_constant(text: str) -> NoReturn:
    raise ConfigurationError(f"the preset holds {text}, which is no JSON number")

from __future__ import annotations

import json
from typing import Any

import pytest

from mien.errors import ConfigurationError
from mien.timeline.presets import Preset, parse_preset

DETECTION_ONLY = """
    {
      "version":"1.0",
      "options":{
          "TrackingMode": "Fast"
      }
    }
"""
AGGREGATE = """
    {
      "version": "1.0",
      "options": {
        "aggregateEmotionWindowMs": "987",
        "mode": "aggregateEmotion",
        "aggregateEmotionIntervalMs": "342"
      }
    }
"""
V3 = {"@odata.type": "#Microsoft.Media.FaceDetectorPreset"}


def options(**values: object) -> str:
    return json.dumps({"version": "1.0", "options": values})


@pytest.mark.parametrize(
    ("text", "preset"),
    [
        # as printed in the documentation of the Face Detector
        ('{\n "version": "1.0"\n}', Preset()),
        (DETECTION_ONLY, Preset()),
        (AGGREGATE, Preset(mode="aggregateEmotion", window_ms=987, interval_ms=342)),
        # as printed in the documentation of the Redactor
        *[
            (f"{{'version':'1.0', 'options': {{'mode':'{mode}'}}}}", Preset("redactor", mode))
            for mode in ("combined", "analyze", "redact")
        ],
        # as clients wrote them
        ('{"Version":"1.0","Options":{"Mode":"PerFaceEmotion"}}', Preset(mode="perFaceEmotion")),
        ('\ufeff{"VERSION":1.0,"OPTIONS":{"MODE":"FACES"}}', Preset()),
        (options(mode="Fast"), Preset()),  # the table calls the attribute "Mode"
        (
            options(Mode=" Combined ", BlurType="high"),
            Preset("redactor", "combined", blur_type="High"),
        ),
        (options(AggregateEmotionWindowMs=2000.0), Preset(window_ms=2000)),
        (options(mode=None, trackingMode=None), Preset()),
        (options(maxFaces="64"), Preset(max_faces=64)),
        (options(MaxFaces=1.0), Preset(max_faces=1)),
        ("{'options': null}", Preset()),
        ("{}", Preset()),
        (
            json.dumps({**V3, "mode": "Redact", "blurType": "Black"}),
            Preset("redactor", "redact", blur_type="Black"),
        ),
        (json.dumps(V3), Preset("redactor", "analyze")),
        (
            json.dumps({"mode": "COMBINED", "resolution": "standardDefinition"}),
            Preset("redactor", "combined", resolution="StandardDefinition"),
        ),
        (
            json.dumps({**V3, "experimentalOptions": {"it's": 'a "b"'}}),
            Preset("redactor", "analyze", experimental={"it's": 'a "b"'}),
        ),
    ],
)
def test_presets_that_the_services_took(text: str, preset: Preset) -> None:
    assert parse_preset(text) == preset


def test_quotes_of_either_kind_inside_the_other() -> None:
    text = r"""{'@odata.type': '#Microsoft.Media.FaceDetectorPreset',
               "experimentalOptions": {'a"b': 'it\'s', "c'd": "e\"f", 'g\\': '\u0041'}}"""
    assert parse_preset(text).experimental == {'a"b': "it's", "c'd": 'e"f', "g\\": "A"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; the smallest one is"),
        ("  \n", "is empty"),
        ("<preset/>", "is XML; write it as JSON"),
        ("faces", "not valid JSON: line 1, column 1"),
        ("{'version':'1.0',\n'options'}", "not valid JSON: line 2, column 10"),
        ("[]", r"the preset must be a JSON object, got \[\]"),
        ('{"options": "faces"}', 'the options must be a JSON object, got "faces"'),
        ("{'version':'1.0", "not valid JSON: line 1"),
        ('{"version":"1.0', "not valid JSON: line 1"),
        ("'version", 'the preset must be a JSON object, got "version"'),
        ("[" * 60_000, "nested too deeply"),
        ('"' + '\\"' * 32_000, "not valid JSON"),  # read in linear time
        ("'" + "\\'" * 32_000, "must be a JSON object"),
        ("{" + " " * 70_000 + "}", "longer than 65536 characters"),
        ('{"options": {"aggregateEmotionWindowMs": NaN}}', "NaN, which is no JSON number"),
        ('{"options": {"aggregateEmotionWindowMs": ' + "9" * 5000 + "}}", "too many digits"),
        ('{"version": "2.0"}', "version must be 1.0, got '2.0'"),
        ('{"Version": "1.0", "version": "1.0"}', "gives 'version' twice"),
        (options(mode="faces", Mode="faces"), "gives 'Mode' twice"),
        ('{"version": "1.0", "option": {}}', "unknown option 'option'; did you mean options?"),
        (options(agregateEmotionWindowMs=500), "did you mean aggregateEmotionWindowMs?"),
        (options(colour="red"), "unknown option 'colour'; known are mode, trackingMode"),
        (options(mode="face"), 'mode must be one of faces, perFaceEmotion, .*got "face"'),
        (options(mode=3), "mode must be one of faces, .*got 3"),
        (options(mode={"a": 1}), "mode must be one of"),
        (options(trackingMode="Slow"), 'trackingMode must be one of Fast, got "Slow"'),
        (options(mode="combined", blurType="Blurry"), "blurType must be one of Low, Med"),
        (options(blurType="Low"), "a redactor's preset needs a mode: combined, analyze, redact"),
        (options(aggregateEmotionWindowMs="soon"), 'WindowMs must be a number .*got "soon"'),
        (options(aggregateEmotionWindowMs=True), "WindowMs must be a number .*got true"),
        (options(aggregateEmotionWindowMs=[500]), r"WindowMs must be a number .*got \[500\]"),
        (options(aggregateEmotionWindowMs=0.5), "whole number of milliseconds, got 0.5; half a"),
        (options(aggregateEmotionWindowMs="inf"), "whole number of milliseconds"),
        (options(aggregateEmotionWindowMs="nan"), "whole number of milliseconds"),
        (options(aggregateEmotionWindowMs="249"), "WindowMs must be 250 to 2000 .*got 249"),
        (options(aggregateEmotionWindowMs=2001), "WindowMs must be 250 to 2000 .*got 2001"),
        (options(aggregateEmotionIntervalMs="-300"), "IntervalMs must be 250 to 1000 .*got -300"),
        (
            options(aggregateEmotionIntervalMs=1000),
            r"IntervalMs \(1000\) is above aggregateEmotionWindowMs \(500\)",
        ),
        (options(maxFaces=0), "maxFaces must be at least 1, got 0"),
        (options(maxFaces=-1), "maxFaces must be at least 1, got -1"),
        (options(maxFaces="many"), 'maxFaces must be a number, got "many"'),
        (options(maxFaces=1.5), "maxFaces must be a whole number, got 1.5"),
        (options(mode="combined", maxFaces=1), "maxFaces is for the Face Detector"),
        (json.dumps({**V3, "mode": "faces"}), "mode must be one of combined, analyze, redact"),
        (json.dumps({**V3, "mode": "Redact", "version": "1.0"}), "unknown option 'version'"),
        (json.dumps({**V3, "resolution": "4K"}), "resolution must be one of SourceResolution"),
        (json.dumps({**V3, "experimentalOptions": {"a": 1}}), "must be an object of texts"),
        (json.dumps({**V3, "experimentalOptions": []}), "must be an object of texts"),
        ('{"@odata.type": "#Microsoft.Media.AudioAnalyzerPreset"}', "@odata.type must be one of"),
    ],
)
def test_presets_that_break_the_rules(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        parse_preset(text)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_processor_of_a_task_decides_and_is_checked() -> None:
    assert parse_preset('{"version":"1.0"}', kind="face_detector") == Preset()
    assert parse_preset(options(mode="analyze"), kind="redactor").mode == "analyze"
    with pytest.raises(ConfigurationError, match="a redactor's preset needs a mode"):
        parse_preset('{"version":"1.0"}', kind="redactor")
    with pytest.raises(ConfigurationError, match="mode 'analyze' is not one of the face_detector"):
        parse_preset(options(mode="analyze"), kind="face_detector")
    with pytest.raises(ConfigurationError, match="mode 'faces' is not one of the redactor"):
        parse_preset(options(mode="faces"), kind="redactor")


def test_options_of_a_command_line_are_laid_over() -> None:
    preset = parse_preset(AGGREGATE)
    assert preset.replaced() == preset
    changed = preset.replaced(mode="PERFACEEMOTION", window_ms="1000", interval_ms=1000)
    assert changed == Preset(mode="perFaceEmotion", window_ms=1000, interval_ms=1000)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "combined"}, "mode must be one of faces, perFaceEmotion, aggregateEmotion"),
        ({"window_ms": "1s"}, 'WindowMs must be a number of milliseconds, got "1s"'),
        ({"interval_ms": "600"}, r"\(600\) is above aggregateEmotionWindowMs \(500\)"),
    ],
)
def test_options_of_a_command_line_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Preset().replaced(**options)


def test_presets_compare_and_hash_by_value() -> None:
    assert len({Preset(), Preset(mode="FACES"), Preset(experimental={"a": "b"})}) == 2
    with pytest.raises(ConfigurationError, match="kind must be one of face_detector, redactor"):
        Preset(kind="thumbnails")


def test_the_part_of_our_own_is_the_redactors() -> None:
    text = "{'options':{'mode':'redact','Mien':{'effect':'black','audit':true}}}"
    assert parse_preset(text).mien == {"effect": "black", "audit": True}
    assert parse_preset("{'options':{'mode':'redact'}}").mien is None
    with pytest.raises(ConfigurationError, match="object"):
        parse_preset("{'options':{'mode':'redact','mien':'black'}}")
    with pytest.raises(ConfigurationError, match="Redactor"):
        parse_preset("{'options':{'mode':'faces','mien':{}}}")

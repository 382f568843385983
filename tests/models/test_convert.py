from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from PIL import Image

from mien.errors import ModelIntegrityError
from mien.models import Session, convert, file_of, open_session
from mien.models.convert.dlib_reader import read_network
from tests.golden.dlib_resnet import astronaut_chip, synthetic_chips

GOLDEN = json.loads((Path(__file__).parent.parent / "golden/dlib_resnet.json").read_text())
Floats = NDArray[np.float32]


@pytest.fixture(scope="module", params=["dlib-resnet", "dlib-resnet-batch"])
def resnet(request: pytest.FixtureRequest) -> Session:
    return open_session(request.param)


@pytest.fixture(scope="module")
def chips() -> Floats:
    """The chips of the goldens, (6, 3, 150, 150)."""
    pictures = synthetic_chips()
    with Image.open(file_of("sample-astronaut")) as portrait:
        pictures["astronaut"] = astronaut_chip(np.asarray(portrait.convert("RGB")))
    stack = np.stack([pictures[name] for name in GOLDEN["embeddings"]])
    return np.ascontiguousarray(stack.transpose(0, 3, 1, 2).astype(np.float32))


def test_the_embedding_equals_dlibs_own(resnet: Session, chips: Floats) -> None:
    (got,) = resnet.run(chips)
    wanted = np.array(list(GOLDEN["embeddings"].values()))
    assert wanted.shape == got.shape == (6, 128)
    np.testing.assert_allclose(got, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("dlib-resnet", "85830874e7950dd6"),
        ("dlib-resnet-batch", "f04db671c7afca57"),
        ("centerface", "698e13135c3f277d"),
    ],
)
def test_a_conversion_gives_the_same_bytes_everywhere(name: str, start: str) -> None:
    """So it was with onnx 1.19 to 1.23. If a later one differs, raise the conversion's version."""
    assert hashlib.sha256(file_of(name).read_bytes()).hexdigest().startswith(start)


def test_a_vector_does_not_depend_on_the_rest_of_its_batch(resnet: Session, chips: Floats) -> None:
    """To the last bit: who else is in the picture must not change anybody's vector."""
    many = np.concatenate([chips, chips[::-1], chips])
    (together,) = resnet.run(many)
    for parts in (18, 6, 4, 1):
        apart = [resnet.run(part)[0] for part in np.array_split(many, parts)]
        np.testing.assert_array_equal(np.concatenate(apart), together)
    np.testing.assert_array_equal(together[6:12], together[5::-1])


def test_the_network_for_batches_gives_the_same_vectors(chips: Floats) -> None:
    (direct,) = open_session("dlib-resnet").run(chips)
    (quick,) = open_session("dlib-resnet-batch").run(chips)
    np.testing.assert_allclose(quick, direct, rtol=0, atol=2e-6)
    assert not np.array_equal(quick, direct)  # it is not the same graph under another name


def test_centerface_takes_any_batch_and_size() -> None:
    session = open_session("centerface")
    assert session.inputs[0].shape == (None, 3, None, None)
    values = np.arange(2 * 3 * 96 * 64, dtype=np.float32).reshape(2, 3, 96, 64) % 256
    together = session.run(values)
    assert [out.shape for out in together] == [
        (2, 1, 24, 16),
        (2, 2, 24, 16),
        (2, 2, 24, 16),
        (2, 10, 24, 16),
    ]
    for row in range(2):
        for whole, alone in zip(together, session.run(values[row : row + 1]), strict=True):
            np.testing.assert_allclose(whole[row], alone[0], rtol=0, atol=1e-4)


def test_centerface_refuses_another_model() -> None:
    with pytest.raises(ModelIntegrityError, match="one image"):
        convert.convert("centerface", file_of("gender").read_bytes())


# --- dlib's format, written by the rules in dlib_reader's docstring ------------------------------


def integer(value: int) -> bytes:
    size = max(1, (abs(value).bit_length() + 7) // 8)
    return bytes([size | (0x80 if value < 0 else 0)]) + abs(value).to_bytes(size, "little")


def integers(*values: int) -> bytes:
    return b"".join(map(integer, values))


def text(value: str) -> bytes:
    return integer(len(value)) + value.encode()


def tensor(*shape: int) -> bytes:
    count = int(np.prod(shape))
    return integers(2, *shape) + struct.pack(f"<{count}f", *[0.5] * count)


EMPTY = integers(2, 0, 0, 0, 0)
END = b"110" + EMPTY * 3
REAL = integers(1, 0)
SHAPE = integers(1, 1, 3, 7, 7)
CONV = (
    text("con_4")
    + tensor(1, 3 * 49 + 1, 1, 1)
    + integers(1, 7, 7, 2, 2, 0, 0)
    + integers(1, 1, 3, 7, 7)
    + integers(1, 1, 1, 1, 1)
    + REAL * 4
    + END
    + integer(1)
)
HEAD = (
    integer(1)
    + text("loss_metric_2")
    + integers(42, -5, 6, -1)
    + integers(*[2] * 129, 3)
    + text("input_rgb_image_sized")
    + integers(3, 1, 5, 0, 9, -1)
    + integers(150, 150)
)


def test_the_reader_reads_what_the_format_says() -> None:
    means, layers = read_network(HEAD + CONV + text("relu_") + END)
    np.testing.assert_array_equal(means, [6, 5, 4.5])
    assert [layer.kind for layer in layers] == ["con", "relu"]
    assert layers[0].fields == (1, 7, 7, 2, 2, 0, 0)
    assert layers[0].shape == (1, 3, 7, 7)
    np.testing.assert_array_equal(layers[0].parameters, np.full(148, 0.5))


BROKEN = {
    "empty": (b"", "cut short"),
    "another file": (b"\x89PNG\r\n\x1a\n" + bytes(100), "no integer"),
    "another network": (integer(1) + text("loss_binary_hinge_"), "not dlib's metric"),
    "no input layer": (HEAD[:300] + bytes(100), "has no b'"),
    "cut in the head": (HEAD[:-2], "cut short"),
    "cut in a tensor": (HEAD + CONV[:300], "cut short"),
    "cut in a layer's end": (HEAD + CONV[:-8], "cut short"),
    "an unknown layer": (HEAD + text("dropout_") + END, "layer 'dropout_'"),
    "a tensor of terabytes": (
        HEAD + text("con_4") + integers(2, 1 << 20, 1 << 20, 1, 1),
        "no tensor",
    ),
    "a tensor of negative size": (HEAD + text("con_4") + integers(2, -4, 1, 1, 1), "no tensor"),
    "a string of terabytes": (HEAD + integer(1 << 40), "cut short"),
    "a string of negative size": (HEAD + integer(-3), "cut short"),
    "a mean that is not a number": (
        HEAD.replace(integers(3, 1, 5, 0), integers(3, 1, 0, 32002)),
        "not finite",
    ),
    "another size of picture": (HEAD.replace(integers(150, 150), integers(150, 99)), "150x150"),
    "training state": (HEAD + text("relu_") + b"110" + tensor(1, 1, 1, 1) + EMPTY * 2, "training"),
    "no flags": (HEAD + text("relu_") + b"xyz" + EMPTY * 3, "no end of a layer"),
    "sizes that disagree": (HEAD + CONV.replace(SHAPE, integers(1, 1, 3, 5, 5)), "wrong size"),
}


@pytest.mark.parametrize("name", ["dlib-resnet", "dlib-resnet-batch"])
@pytest.mark.parametrize("case", BROKEN)
def test_what_is_not_dlibs_network_is_refused(case: str, name: str) -> None:
    source, reason = BROKEN[case]
    with pytest.raises(ModelIntegrityError, match=reason):
        convert.convert(name, source)


@pytest.mark.parametrize("name", ["dlib-resnet", "dlib-resnet-batch"])
def test_a_network_of_other_layers_is_refused(name: str) -> None:
    for source in (HEAD, HEAD + CONV, HEAD + text("relu_") + END + integer(1)):
        with pytest.raises(ModelIntegrityError, match="not the known network"):
            convert.convert(name, source)


@pytest.mark.parametrize(
    "name",
    ["dlib-resnet", "dlib-resnet-batch", "centerface", "age", "gender", "emotion", "attributes"],
)
def test_no_weight_is_an_input(name: str) -> None:
    """One that is could be changed by the caller, so that the runtime may not fold or pack it."""
    graph = onnx.load(str(file_of(name))).graph
    weights = {tensor.name for tensor in graph.initializer}
    assert not weights & {value.name for value in graph.input}

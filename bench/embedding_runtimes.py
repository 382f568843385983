"""Time the embedding network in several runtimes, and compare their vectors with ONNX Runtime's.

python -m bench.embedding_runtimes [--chips 16] [--threads 2] [--seconds 20] [--only MNN]
python -m bench.embedding_runtimes --layers      # where ONNX Runtime's time goes, on one thread
python -m bench.embedding_runtimes --opening     # time to open the model, and its memory (Linux)
                                                 (both with --model dlib-resnet-batch as well)

On a machine that does other work as well, `--threads 1 --cpu` counts the processor's time alone.
MNN, ncnn and OpenVINO are no dependencies of mien. They are measured where they are installed
beside it (`pip install MNN openvino ncnn pnnx`), and left out, with the reason, where they are not.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from bench.description.material import portraits, table
from mien.describe.embedding import chip
from mien.models import file_of

Array = NDArray[Any]
Run = Callable[[Array], Array]

NAME, BATCH = "dlib-resnet", "dlib-resnet-batch"
SIDE = 150


def real_chips(count: int) -> Array:
    """(count, 3, 150, 150) float32 chips of the portraits, over again where they are fewer."""
    chips = [chip(face.rgb, face.mesh) for _, face in portraits()]
    batch = np.stack([chips[number % len(chips)] for number in range(count)])
    return np.ascontiguousarray(batch.transpose(0, 3, 1, 2), dtype=np.float32)


def ort_session(
    threads: int, *, model: str = NAME, spinning: bool = False, blocked: bool = True
) -> Any:
    """A session with mien's settings.

    Args:
        threads: of the session.
        model: its name in the catalogue.
        spinning: let threads that wait spin.
        blocked: lay channels out in blocks, as ONNX Runtime does at its highest level.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    if not blocked:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    return ort.InferenceSession(file_of(model), options, providers=["CPUExecutionProvider"])


def ort_run(session: Any) -> Run:
    """The whole batch in one run."""
    name = session.get_inputs()[0].name
    return lambda x: np.asarray(session.run(None, {name: x})[0])


def ort_apart(threads: int, model: str = NAME) -> Run:
    """The batch cut in equal parts, each run by a thread of its own without help from others."""
    run, pool = ort_run(ort_session(1, model=model)), ThreadPoolExecutor(threads)
    return lambda x: np.concatenate(list(pool.map(run, np.array_split(x, threads))))


def opencv_run(threads: int, *, winograd: bool) -> Run:
    """OpenCV's own runtime."""
    cv2.setNumThreads(threads)
    net = cv2.dnn.readNetFromONNX(str(file_of(NAME)))
    net.enableWinograd(winograd)

    def run(x: Array) -> Array:
        net.setInput(x)
        return np.array(net.forward()).reshape(-1, 128)

    return run


WINOGRAD_MEMORY_LEVEL = 3  # MNN's number for the hint: 0 no Winograd, 1 and 2 small tiles, 3 all


def mnn_run(threads: int, folder: Path, level: int = 3) -> Run:
    """MNN; it is converted by the package's own program."""
    nn, expr = importlib.import_module("MNN.nn"), importlib.import_module("MNN.expr")
    model = folder / "model.mnn"
    program = [sys.executable, "-m", "MNN.tools.mnnconvert", "-f", "ONNX", "--bizCode", "mien"]
    paths = ["--modelFile", str(file_of(NAME)), "--MNNModel", str(model)]
    subprocess.run([*program, *paths], check=True, capture_output=True)
    # the manager has to live as long as the module
    manager = nn.create_runtime_manager(
        ({"backend": 0, "precision": "high", "numThread": threads},)
    )
    module = nn.load_module_from_file(str(model), ["chips"], ["embedding"], runtime_manager=manager)

    def run(x: Array, keep: Any = manager) -> Array:
        keep.set_hint(WINOGRAD_MEMORY_LEVEL, level)  # read when a shape is new, and for all modules
        given = expr.const(x, list(x.shape), expr.NCHW)
        return np.array(module.forward([given])[0].read()).reshape(-1, 128)

    return run


def openvino_run(threads: int) -> Run:
    """OpenVINO, which is told to keep to float32."""
    core = importlib.import_module("openvino").Core()
    settings = {
        "INFERENCE_PRECISION_HINT": "f32",
        "INFERENCE_NUM_THREADS": threads,
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = core.compile_model(str(file_of(NAME)), "CPU", settings).create_infer_request()
    return lambda x: np.array(request.infer({0: x})[0])


PADS = ("8=32", "8=64", "1=1 3=1", "8=128", "1=1 3=1")
"""What the five Pad nodes add, in ncnn's words: channels, or a row and a column, at the end."""


def ncnn_run(threads: int, folder: Path) -> Run:
    """ncnn, a chip at a time; pnnx converts all but the padding of channels, which is put in."""
    ncnn = importlib.import_module("ncnn")
    importlib.import_module("pnnx")
    model = folder / "model.onnx"
    model.write_bytes(file_of(NAME).read_bytes())
    shape = f"inputshape=[1,3,{SIDE},{SIDE}]"
    program = [str(Path(sys.executable).with_name("pnnx")), str(model), shape, "fp16=0"]
    subprocess.run(program, check=True, capture_output=True, cwd=folder)
    param = folder / "padded.param"
    param.write_text(padded((folder / "model.ncnn.param").read_text()))
    net = ncnn.Net()
    net.opt.num_threads = threads
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.load_param(str(param))
    net.load_model(str(folder / "model.ncnn.bin"))

    def one(x: Array) -> Array:
        extractor = net.create_extractor()
        extractor.input("in0", ncnn.Mat(x))
        return np.array(extractor.extract("out0")[1]).ravel()

    return lambda x: np.stack([one(some) for some in x])


def padded(param: str) -> str:
    """ncnn's text of the graph, its Pad layers, which pnnx leaves without arguments, in full."""
    pads = iter(PADS)
    lines = [
        f"Padding {line.removeprefix('Pad').strip()} {next(pads)}"
        if line.startswith("Pad ")
        else line
        for line in param.splitlines()
    ]
    return "\n".join(lines) + "\n"


def candidates(threads: int, folder: Path) -> dict[str, Callable[[], Run]]:
    """What is measured, by name; each is opened when asked."""
    return {
        "ONNX Runtime, as mien runs it": lambda: ort_run(ort_session(threads)),
        "ONNX Runtime, for batches": lambda: ort_run(ort_session(threads, model=BATCH)),
        f"ONNX Runtime, for batches, {threads} parts": lambda: ort_apart(threads, BATCH),
        "ONNX Runtime, spinning": lambda: ort_run(ort_session(threads, spinning=True)),
        "ONNX Runtime, channels not in blocks": lambda: ort_run(
            ort_session(threads, blocked=False)
        ),
        f"ONNX Runtime, {threads} parts on one thread each": lambda: ort_apart(threads),
        "ONNX Runtime, one thread": lambda: ort_run(ort_session(1)),
        "OpenCV": lambda: opencv_run(threads, winograd=False),
        "OpenCV, Winograd": lambda: opencv_run(threads, winograd=True),
        "MNN": lambda: mnn_run(threads, folder),
        "MNN, small tiles": lambda: mnn_run(threads, folder, level=1),
        "MNN, without Winograd": lambda: mnn_run(threads, folder, level=0),
        "OpenVINO": lambda: openvino_run(threads),
        "ncnn": lambda: ncnn_run(threads, folder),
    }


def compare(
    runs: dict[str, Run],
    x: Array,
    seconds: float,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[tuple[str, ...]]:
    """A row for each: least and median ms a chip, in turns so that all meet the same load, and the
    greatest difference to the first one's vectors."""
    wanted = next(iter(runs.values()))(x)
    apart = {name: float(np.abs(run(x) - wanted).max()) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in runs}
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, run in runs.items():
            start = clock()
            run(x)
            times[name].append((clock() - start) / len(x) * 1000)
    for name, spent in times.items():
        yield name, f"{min(spent):.2f}", f"{np.median(spent):.2f}", f"{apart[name]:.1e}"


def layers(x: Array, folder: Path, model: str, rounds: int = 20) -> Iterator[str]:
    """Time of ONNX Runtime on one thread by kind of operator, and the pace of convolution."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / "profile")
    session = ort.InferenceSession(file_of(model), options, providers=["CPUExecutionProvider"])
    for _ in range(rounds):
        session.run(None, {session.get_inputs()[0].name: x})
    events = json.loads(Path(session.end_profiling()).read_text())
    least: dict[str, tuple[float, str, float]] = {}
    for event in events:
        if event["name"].endswith("_kernel_time"):
            spent, kind = float(event["dur"]), event["args"]["op_name"]
            work = operations(event["args"]) if kind == "Conv" else 0.0
            before = least.get(event["name"], (np.inf, kind, work))
            least[event["name"]] = min(spent, before[0]), kind, work
    kinds: defaultdict[str, float] = defaultdict(float)
    for spent, kind, _ in least.values():
        kinds[kind] += spent / len(x) / 1000
    shown = sorted(kinds.items(), key=lambda item: -item[1])
    yield from table(("operator", "ms a chip"), ((kind, f"{spent:.3f}") for kind, spent in shown))
    work = sum(work for _, _, work in least.values())
    total = sum(spent for spent, kind, _ in least.values() if kind == "Conv")
    side = np.ones((1536, 1536), np.float32)
    product = max(_matrix_product(side) for _ in range(8))
    yield (
        f"\nConvolution: {work / len(x) / 1e9:.3f} billion operations a chip, "
        f"{work / total / 1e3:.0f} billion a second on one core; a product of matrices "
        f"{product:.0f} on all cores of NumPy."
    )


def opening(x: Array, model: str) -> str:
    """Time to open the model, and by how much the process has grown once it ran."""
    before = _resident()
    start = time.perf_counter()
    session = ort_session(2, model=model)
    spent = time.perf_counter() - start
    ort_run(session)(x)
    grown = _resident() - before
    return f"{model}: opened in {spent * 1000:.0f} ms, {grown:.0f} MiB with {len(x)} chips"


def _resident() -> float:
    """The memory of this process, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _matrix_product(side: Array) -> float:
    """Billion operations a second."""
    start = time.perf_counter()
    np.matmul(side, side)
    return 2 * len(side) ** 3 / (time.perf_counter() - start) / 1e9


def operations(event: dict[str, Any]) -> float:
    """Multiplications and additions of a convolution, from the shapes in ONNX Runtime's profile."""
    (out,) = event["output_type_shape"][0].values()
    weights = next(iter(event["input_type_shape"][1].values()))
    return float(2 * np.prod(out) * np.prod(weights[1:]))


def report(
    threads: int, chips: Sequence[int], seconds: float, only: Sequence[str], cpu: bool
) -> Iterator[str]:
    """The tables, as Markdown, of the candidates whose names contain one of `only`."""
    clock = time.process_time if cpu else time.perf_counter
    with TemporaryDirectory() as name:
        runs = {}
        for what, opened in candidates(threads, Path(name)).items():
            if only and not any(word in what for word in only):
                continue
            try:
                runs[what] = opened()
            except ModuleNotFoundError as error:
                yield f"{what} is left out: {error}."
        header = ("", "least ms a chip", "median", "greatest difference")
        for x in [real_chips(count) for count in chips]:
            yield f"\n{len(x)} chips, {threads} threads, {'processor' if cpu else 'clock'}:\n"
            yield from table(header, compare(runs, x, seconds, clock))


@click.command(help=__doc__)
@click.option("--threads", default=2, show_default=True, help="Threads of each runtime.")
@click.option("--chips", type=int, multiple=True, default=(16,), help="Chips a run.")
@click.option("--seconds", default=20.0, show_default=True, help="Time for each number of chips.")
@click.option("--only", multiple=True, help="Runtimes whose names contain this.")
@click.option("--cpu", is_flag=True, help="Time of the processor, not of the clock.")
@click.option("--layers", "by_layer", is_flag=True, help="Where ONNX Runtime's time goes.")
@click.option("--model", type=click.Choice((NAME, BATCH)), default=NAME, help="For these two.")
@click.option("--opening", "by_opening", is_flag=True, help="Time to open a model, and its memory.")
def main(
    threads: int,
    chips: tuple[int, ...],
    seconds: float,
    only: tuple[str, ...],
    cpu: bool,
    by_layer: bool,
    by_opening: bool,
    model: str,
) -> None:
    """Print the tables."""
    if by_opening:
        click.echo(opening(real_chips(chips[0]), model))
        return
    if by_layer:
        with TemporaryDirectory() as folder:
            for line in layers(real_chips(8), Path(folder), model):
                click.echo(line)
        return
    for line in report(threads, chips, seconds, only, cpu):
        click.echo(line)


if __name__ == "__main__":
    main()

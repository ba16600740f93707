"""Laws of the house: imports go downward only, and the daemon's stay light."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

ORDER = [
    ("stream.words", "stream.records", "stream.clocks"),
    ("stream.capture", "stream.ring", "stream.names", "stream.liveness", "stream.windows", "stream.resample",
     "stream.vad", "stream.features", "stream.classify", "stream.decide", "stream.overload"),
    ("stream.messages",),
    ("stream.sources", "stream.pipeline"),
    ("stream.settings", "stream.outputs", "stream.client"),
    ("stream.agenda", "stream.captures", "stream.garbage", "stream.streams", "stream.daemon", "stream.worker",
     "stream.worker_process", "stream.workers", "stream.diagnose", "stream.service"),
    ("stream.bench",),
    ("stream.cli",),
]  # fmt: skip
"""Each may import what stands above it, and its own neighbours."""

HEAVY = {
    "tensorflow",
    "keras",
    "librosa",
    "pandas",
    "matplotlib",
    "sklearn",
    "dask",
    "scipy",
    "websockets",
}


def modules(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Full names of what `path` imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module}
    return found


def level(name: str) -> int | None:
    for i, rooms in enumerate(ORDER):
        if any(name == room or name.startswith(room + ".") for room in rooms):
            return i
    return None


@pytest.mark.parametrize("path", modules("stream"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_downward(path: Path) -> None:
    """Records before stages before pipeline before daemon before command line."""
    own = level(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for name in imported(path):
        other = level(name)
        if own is not None and other is not None:
            assert other <= own, f"{path} imports {name}, which stands above it"
        assert name.partition(".")[0] not in {"training", "tools", "tests"}


@pytest.mark.parametrize("path", modules("models"), ids=lambda path: str(path.relative_to(ROOT)))
def test_models_stand_below_all(path: Path) -> None:
    """`models` imports the standard library, NumPy and msgspec, and nothing of ours."""
    allowed = set(sys.stdlib_module_names) | {"numpy", "msgspec", "models"}
    assert {name.partition(".")[0] for name in imported(path)} <= allowed


def test_every_package_is_installed() -> None:
    """pyproject.toml lists each folder of code that there is."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["packages"]
    found = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for folder in ("models", "stream", "training")
        for path in (ROOT / folder).rglob("__init__.py")
    }
    assert set(listed) == found


def test_the_client_imports_little() -> None:
    """Following a daemon needs pyzmq and msgspec, and nothing of what hearing needs."""
    code = "import sys, stream.client; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert not {"numpy", "numba", "ai_edge_litert", "sounddevice", "click", "rich"} & set(loaded.split())


def test_the_daemon_imports_nothing_heavy() -> None:
    """All that `genderstream run` needs brings in no training, plotting or network library, nor SciPy for Numba."""
    code = (
        "import sys, stream.cli, stream.sources.microphone; stream.cli.genderstream.get_command(None, 'run');"
        "import stream.features; print(*(name for name, module in sys.modules.items() if module))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    assert HEAVY.isdisjoint({name.partition(".")[0] for name in loaded.split()})

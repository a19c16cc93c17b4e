"""The house holds: who may import whom, and what `import passerby` leaves alone."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "passerby"

VALUES = {"types", "names", "images", "files"}
ALLOWED = {
    "__init__": set(),
    "__main__": {"cli"},
    "types": set(),
    "names": set(),
    "files": set(),
    "check_time": set(),
    "weights": {"files"},
    "images": {"types"},
    "npz": {"types", "files"},
    "datasets": VALUES | {"check_time"},
    "models": VALUES | {"weights"},
    "losses": VALUES,
    "search": VALUES,
    "synth": VALUES,
    "evaluation": {"types", "files", "search"},
    "calibration": {"types", "files", "evaluation"},
    "embed": {"types", "images"},
    "gallery": {"types", "check_time", "search", "calibration"},
    "frames": VALUES | {"check_time", "weights", "datasets"},
    "indexed_otherwise": {"types", "frames", "gallery"},
    "index": {"types", "embed", "frames", "gallery", "indexed_otherwise", "run"},
    "serve": {"types", "check_time", "images", "embed", "calibration", "gallery", "run"},
    "training": VALUES | {"weights", "evaluation", "embed"},
    "recipes": {"types", "images", "datasets", "models", "losses", "training"},
    "table": set(),
    "studies": {"table"},
    "plan": {"table"},
    "comparison": {"files", "table"},
    "study": VALUES
    | {"weights", "card", "asked", "datasets", "table", "plan", "comparison", "studies", "evaluation", "training"}
    | {"run", "judge"},
    "card": {"types", "files", "training"},
    "run": VALUES | {"weights", "card", "recipes", "training", "evaluation", "embed"},
    "asked": {"types", "evaluation"},
    "embed_units": {"types", "evaluation", "run"},
    "judge": {"types", "files", "card", "asked", "embed_units", "evaluation", "run", "search"},
    "with_distractors": {"types", "embed_units", "evaluation", "judge", "run"},
    "evaluate": {"types", "files", "asked", "datasets", "evaluation", "judge", "report", "run", "with_distractors"},
    "calibrate": {"types", "files", "card", "calibration", "evaluation", "report", "run"},
    "judge_attributes": {"types", "datasets", "embed", "evaluation", "run"},
    "lookup": {"types", "npz", "datasets", "calibration", "gallery", "search", "run"},
    "compare": {"evaluation"},
    "terminal": {"types", "compare", "comparison", "evaluation", "lookup", "report"},
    "terminal_bars": {"terminal", "training"},
    "terminal_gallery": {"evaluation", "gallery", "serve", "terminal"},
    "report": VALUES | {"models", "search", "calibration", "evaluation", "run"},
    "demo": {
        "types",
        "images",
        "datasets",
        "embed",
        "evaluation",
        "judge",
        "models",
        "report",
        "run",
        "synth",
        "terminal",
        "terminal_bars",
        "calibrate",
        "frames",
        "gallery",
        "index",
    },
    "data_argument": {"types", "names", "table", "datasets", "run"},
    "cli": {
        "asked",
        "calibrate",
        "types",
        "names",
        "compare",
        "npz",
        "data_argument",
        "datasets",
        "demo",
        "evaluate",
        "evaluation",
        "serve",
        "terminal_gallery",
        "files",
        "index",
        "gallery",
        "frames",
        "judge",
        "judge_attributes",
        "lookup",
        "plan",
        "report",
        "run",
    }
    | {"study", "synth", "terminal", "terminal_bars", "training"},
}
ONE_PLACE = {
    "lightning_fabric": "training",
    "matplotlib": "report",
    "jinja2": "report",
    "rich": "terminal terminal_bars terminal_gallery",
    "typer": "cli",
    "av": "frames",
    "fastapi": "serve",
    "starlette": "serve",
    "pydantic": "serve",
    "uvicorn": "serve",
    "prometheus_client": "serve",
    "cv2": "frames",
    "trackers": "frames",
    "supervision": "frames",
    "psycopg": "gallery serve",
    "pgvector": "gallery",
    "pymilvus": "gallery",
    "milvus_lite": "gallery",
    "numba": "search",
}


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            # `from passerby import images` and `from passerby.images import read` both name a module
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms() -> dict[Path, str]:
    return {file: file.relative_to(SOURCE).parts[0].removesuffix(".py") for file in sorted(SOURCE.rglob("*.py"))}


def test_every_room_stands_in_the_table():
    assert set(rooms().values()) <= set(ALLOWED)


@pytest.mark.parametrize(("file", "room"), rooms().items(), ids=lambda x: str(getattr(x, "name", x)))
def test_a_file_imports_only_what_the_table_allows(file, room):
    used = {name.split(".")[1] for name in imports(file) if name.startswith("passerby.")}
    assert used - {room} <= ALLOWED[room], f"{file} imports {used - {room} - ALLOWED[room]}"


def test_nothing_imports_the_command_line():
    assert not [
        file for file, room in rooms().items() if "passerby.cli" in imports(file) and room not in ("cli", "__main__")
    ]


def test_a_heavy_package_is_imported_in_one_room_only():
    for file, room in rooms().items():
        tops = {name.split(".")[0] for name in imports(file)}
        for package, place in ONE_PLACE.items():
            assert package not in tops or room in place.split(), f"{file} imports {package}, which belongs to {place}"


def test_the_command_line_loads_nothing_heavy_before_it_knows_which_command():
    heavy = ("torch", "numpy", "PIL", "fastapi", "psycopg", "matplotlib")
    code = f"import sys, passerby.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_keys_and_audit_are_read_without_torch_or_the_server():
    code = "import sys, passerby.serve.state; print([m for m in ('torch', 'fastapi', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_passerby_loads_nothing_heavy():
    code = "import sys, passerby; print([m for m in ('torch', 'lightning_fabric', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

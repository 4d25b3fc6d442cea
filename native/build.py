"""Compile the kernels of `swath.core.selection` into one shared library inside the package.

    python native/build.py [--target aarch64-linux-gnu.2.17] [--output FILE]

The compiler is clang as PyPI has it (`ziglang`), so that a source build needs nothing else. Every source is compiled
once for each instruction set (level) of the target; which of them a machine can run is found out when the library is
loaded (`levels.c`, `swath.core.selection.native`). Used by `make native` and by the hook that makes wheels.

Sums are what the sources say, bit for bit: no multiplication is fused with an addition (`-ffp-contract=off`) but where
a source asks for it, in filters that have a margin.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SOURCES = Path(__file__).resolve().parent
LIBRARY = SOURCES.parent / "src" / "swath" / "core" / "selection" / "libkernels.so"
"""The name is the same on every system: what loads it does not look at the suffix. It must not be that of a module."""


def compiler_package() -> str:
    """What to install for building, the one line of `requirements.txt`."""
    lines = (SOURCES / "requirements.txt").read_text().splitlines()
    return next(line for line in lines if line and not line.startswith("#"))


CACHE = SOURCES / "build"
"""Where the compiler keeps its own parts, which take longer than ours."""

LEVELS = {
    "x86_64": {"v1": "x86_64", "v3": "x86_64_v3", "v4": "x86_64_v4", "vnni": "x86_64_v4+avx512vnni"},
    "aarch64": {"v1": "generic"},
}
"""For each architecture the instruction sets, by the names that `levels.c` knows and by those of the compiler."""

FLAGS = [
    "-std=c11", "-O3", "-fPIC", "-fvisibility=hidden", "-ffp-contract=off", "-fno-math-errno", "-fno-sanitize=all",
    "-mprefer-vector-width=512", "-Wall", "-Wextra", "-Werror", "-Wno-unused-command-line-argument",
]  # fmt: skip


class BuildFailed(Exception):
    pass


def native_target() -> str:
    """This machine, and the oldest system the library shall run on."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine().lower())
    if machine not in LEVELS:
        raise BuildFailed(f"there are no kernels for `{machine}`; there are for {' and '.join(LEVELS)}")
    if sys.platform == "darwin":
        return f"{machine}-macos.11.0"
    return f"{machine}-linux-gnu.2.17" if platform.libc_ver()[0] == "glibc" else f"{machine}-linux-musl"


def platform_tag() -> str:
    """The platform of a wheel for this machine."""
    machine, system, *_ = native_target().split("-")
    if system.startswith("macos"):
        return f"macosx_11_0_{'arm64' if machine == 'aarch64' else machine}"
    return f"manylinux_2_17_{machine}" if native_target().endswith("gnu.2.17") else f"linux_{machine}"


def digest(target: str) -> str:
    """What the library for `target` is made of."""
    total = hashlib.sha256(target.encode())
    for source in sorted([*SOURCES.glob("*.[ch]"), Path(__file__)]):
        total.update(source.name.encode() + b"\0" + source.read_bytes() + b"\0")
    return total.hexdigest()


def is_fresh(library: Path = LIBRARY, target: str | None = None) -> bool:
    """Whether the library is there and is that of the sources."""
    return library.is_file() and f"swath-sources:{digest(target or native_target())}".encode() in library.read_bytes()


def build(library: Path = LIBRARY, target: str | None = None) -> None:
    """Make the library unless it is fresh. Raises BuildFailed with what the compiler said."""
    target = target or native_target()
    if is_fresh(library, target):
        library.touch()  # `make` looks at times
        return
    if importlib.util.find_spec("ziglang") is None:
        raise BuildFailed(f"the compiler is missing: install `{compiler_package()}` into {sys.prefix}")
    levels = LEVELS[target.split("-")[0]]
    with tempfile.TemporaryDirectory(prefix="swath-native-") as folder:
        objects = Path(folder)
        detection = SOURCES / "levels.c"
        marker = f'-DSWATH_SOURCES="{digest(target)}"'
        commands = [_compile(detection, objects / "levels.o", target, levels["v1"], marker)]
        for source in sorted(SOURCES.glob("*.c")):
            if source != detection:
                commands += [
                    _compile(source, objects / f"{source.stem}.{level}.o", target, cpu, f"-DSWATH_LEVEL={level}")
                    for level, cpu in levels.items()
                ]
        environment = {**os.environ, "ZIG_GLOBAL_CACHE_DIR": str(CACHE), "ZIG_LOCAL_CACHE_DIR": str(CACHE)}
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            list(executor.map(lambda command: _run(command, environment), commands))
        # Put in place whole: a library that is loaded already stays as it is.
        made = library.with_name(f"{library.name}.{os.getpid()}.new")
        library.parent.mkdir(parents=True, exist_ok=True)
        names = sorted(str(path) for path in objects.glob("*.o"))
        _run([*_compiler(target), "-shared", "-s", "-o", str(made), *names, "-lm"], environment)
        os.replace(made, library)


def _compiler(target: str) -> list[str]:
    return [sys.executable, "-m", "ziglang", "cc", "-target", target]


def _compile(source: Path, made: Path, target: str, cpu: str, definition: str) -> list[str]:
    return [*_compiler(target), f"-mcpu={cpu}", *FLAGS, definition, "-c", str(source), "-o", str(made)]


def _run(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildFailed(f"{' '.join(command)}\n{done.stderr}{done.stdout}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--target", help="what to compile for, in the compiler's words (default: this machine)")
    arguments.add_argument("--output", type=Path, default=LIBRARY, help=f"the library (default: {LIBRARY})")
    options = arguments.parse_args()
    try:
        build(options.output, options.target)
    except BuildFailed as exc:
        sys.exit(f"the kernels were not built: {exc}")


if __name__ == "__main__":
    main()

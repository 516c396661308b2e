#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs clang-tidy over the sources that changed since it last liked them.

Usage: tidy.py SOURCE_DIR BUILD_DIR [PLACE…]

With places, only the sources that are these or lie in these folders are judged.

A source is taken as unchanged while the same clang-tidy, settings and compile command see the same contents in it and
in every header of the project that it includes (Ninja knows them from the last build). What was clean leaves a stamp in
BUILD_DIR/tidy; what was not is judged again each time.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

TIMEOUT_S = 300


def output_of(*command, cwd=None):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True, timeout=TIMEOUT_S).stdout


def settings_for(source, source_dir):
    """The .clang-tidy files that apply: those of the source's own and all outer folders."""
    folders = [folder for folder in source.parents if folder == source_dir or source_dir in folder.parents]
    return [folder / ".clang-tidy" for folder in folders if (folder / ".clang-tidy").exists()]


def known_headers(build_dir, source_dir):
    """Object file -> the project's files that went into it."""
    headers, current = {}, None
    for line in output_of("ninja", "-t", "deps", cwd=build_dir).splitlines():
        if line and not line.startswith(" "):
            current = headers.setdefault(line.split(":")[0], [])
        elif line.strip():
            file = (build_dir / line.strip()).resolve()
            if source_dir in file.parents:
                current.append(file)
    return headers


def stamp_of(entry, source, source_dir, headers, version):
    digest = hashlib.sha256(version.encode() + entry["command"].encode())
    for file in [source, *settings_for(source, source_dir), *sorted(headers.get(entry["output"], []))]:
        digest.update(str(file).encode() + (file.read_bytes() if file.exists() else b""))
    return digest.hexdigest()


def judge(source, build_dir):
    command = ["clang-tidy", "-p", str(build_dir), "--quiet", "--extra-arg=-Wno-unknown-warning-option", str(source)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return False, f"{source}: no verdict within {TIMEOUT_S} s"
    return run.returncode == 0, run.stdout + ("" if run.returncode == 0 else run.stderr)


def main():
    source_dir, build_dir = (pathlib.Path(argument).resolve() for argument in sys.argv[1:3])
    folders = [source_dir / folder for folder in sys.argv[3:]] or [source_dir]
    stamps = build_dir / "tidy"
    stamps.mkdir(exist_ok=True)
    version = output_of("clang-tidy", "--version")
    headers = known_headers(build_dir, source_dir)
    pending, total = {}, 0
    for entry in json.loads((build_dir / "compile_commands.json").read_text(encoding="utf-8")):
        source = (pathlib.Path(entry["directory"]) / entry["file"]).resolve()
        if not any(folder in source.parents or folder == source for folder in folders):
            continue
        if build_dir in source.parents or "subprojects" in source.parts:
            continue
        total += 1
        stamp = stamps / stamp_of(entry, source, source_dir, headers, version)
        if not stamp.exists():
            pending[source] = stamp
    print(f"clang-tidy: {total} sources, {len(pending)} to judge", flush=True)
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        verdicts = {pool.submit(judge, source, build_dir): source for source in pending}
        for done in concurrent.futures.as_completed(verdicts):
            clean, text = done.result()
            if clean:
                pending[verdicts[done]].touch()
            else:
                bad += 1
                print(text, flush=True)
    sys.exit(1 if bad or not total else 0)


if __name__ == "__main__":
    main()

"""Dispatches hooks of a charm in forks of one process that has ops and the library imported already.

Usage: python zygote.py SOCKET LIB MODULE... One connection is one hook, spoken in lines of JSON. The caller sends
{"env", "folder"}; the fork asks {"run": argv, "stdin"} for each hook tool and each call of the cluster's command, gets
{"code", "stdout", "stderr"}, and ends with {"exit": code}. The charm, ops and the library run as they are; only
`subprocess.run` and `shutil.which` are ours, and only for commands named without a path.
"""

import importlib
import json
import os
import random
import runpy
import select
import shutil
import signal
import socket
import subprocess
import sys
import traceback


def dispatch(connection: socket.socket) -> None:
    """Runs one hook to its end; the process ends with it."""
    lines = connection.makefile("rw", encoding="utf-8")

    def send(message: dict) -> None:
        lines.write(json.dumps(message) + "\n")
        lines.flush()

    real_run, real_which = subprocess.run, shutil.which

    def run(argv, *args, check=False, input=None, **options):
        if "/" in argv[0]:
            return real_run(argv, *args, check=check, input=input, **options)
        send({"run": list(argv), "stdin": input})
        line = lines.readline()
        if not line:  # the caller gave the hook up: it ends as if it had been killed
            os._exit(1)
        answer = json.loads(line)
        done = subprocess.CompletedProcess(argv, answer["code"], answer["stdout"], answer["stderr"])
        if check:
            done.check_returncode()
        return done

    request = json.loads(lines.readline())
    os.environ.clear()
    os.environ.update(request["env"])
    os.chdir(request["folder"])
    subprocess.run = run
    shutil.which = lambda command, mode=os.F_OK | os.X_OK, path=None: (
        command if path is None and "/" not in command else real_which(command, mode, path)
    )
    importlib.reload(importlib.import_module("sitecustomize"))
    shuffle_sets()
    send({"exit": exit_code_of("src/charm.py")})


class _Ballast:
    """As large as the objects whose addresses matter."""


_ballast = []


def shuffle_sets() -> None:
    """Lets chance decide the order of sets, as it does in a process of its own.

    ops hashes a unit by its address. Forks of one process would all have the same addresses free.
    """
    _ballast.extend(_Ballast() for _ in range(2000))
    random.Random(os.urandom(8)).shuffle(_ballast)
    del _ballast[::2]


def exit_code_of(charm: str) -> int:
    """What the interpreter would exit with after running the file."""
    sys.argv = [charm]
    try:
        runpy.run_path(charm, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def main() -> None:
    path, lib, *modules = sys.argv[1:]
    sys.path.insert(0, lib)
    for module in ["ops", *modules]:
        importlib.import_module(module)
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(64)
    print("ready", flush=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    while server in select.select([server, sys.stdin], [], [])[0]:  # stdin ends with the caller
        connection, _ = server.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            server.close()
            try:
                dispatch(connection)
            except BaseException:
                traceback.print_exc()
            os._exit(0)
        connection.close()


if __name__ == "__main__":
    main()

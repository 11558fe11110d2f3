#!/bin/sh
# Makes the Python environments in which the tests run the deployed Python peers: ops 3, and the last ops 2 that queues a
# deferred event again when it equals a queued one (2.18 and later skip it). With ops 3 comes the deployed rolling-ops
# library, which the simulator's tests run. Quiet and idempotent.
# What cannot be made is no failure of the project: the reason is printed, written to the file `unavailable` in the cache
# folder (test/peers/PythonPeers.ts hands it on), and the exit code is 0.
# Cache folder: $ROLLCALL_PYTHON_CACHE, else .cache/python-peers at the repository's root.
set -eu

OPS_3=3.9.0
OPS_2=2.17.1
ROLLINGOPS=1.1.5

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
cache=${ROLLCALL_PYTHON_CACHE:-$root/.cache/python-peers}
python=${PYTHON:-python3}

unavailable() {
  printf '%s\n' "$1" >"$cache/unavailable"
  printf 'Python peers are not available: %s\n' "$1"
  exit 0
}

# The version is written last, so an interrupted install is made anew.
environment() { # folder, version of ops, what else is installed
  [ "$(cat "$cache/$1/ops-version" 2>/dev/null || true)" = "$2${3:+ $3}" ] && return 0
  rm -rf "${cache:?}/$1"
  "$python" -m venv "$cache/$1" >"$cache/log" 2>&1 ||
    unavailable "$python -m venv failed: $(tail -n 1 "$cache/log")"
  "$cache/$1/bin/python" -m pip install --quiet --disable-pip-version-check "ops==$2" ${3:+"$3"} >"$cache/log" 2>&1 ||
    unavailable "pip could not install ops $2 ${3:-}: $(tail -n 1 "$cache/log")"
  printf '%s\n' "$2${3:+ $3}" >"$cache/$1/ops-version"
}

mkdir -p "$cache"
if command -v flock >/dev/null 2>&1; then
  exec 9>"$cache/lock"
  flock 9
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null ||
  unavailable "$python is missing or older than 3.10"
environment ops3 "$OPS_3" "charmlibs-rollingops==$ROLLINGOPS"
environment ops2 "$OPS_2"
rm -f "$cache/unavailable" "$cache/log"

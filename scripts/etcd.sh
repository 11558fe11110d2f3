#!/bin/sh
# Unpacks etcd from Debian's packages into a folder, for the tests that run real members of it: 3.4 of bookworm, the
# oldest that is supported, and 3.5 of trixie (or sid). Nothing is installed, no service is started.
# Quiet and idempotent. Needs apt and a Debian mirror; without them it says how else to get etcd, and fails.
# Folder: $ROLLCALL_ETCD_ROOT, else .cache/etcd at the repository's root; programs are in 3.4/usr/bin and 3.5/usr/bin.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=${ROLLCALL_ETCD_ROOT:-$root/.cache/etcd}
has() { [ -x "$target/$1/usr/bin/etcd" ] && [ -x "$target/$1/usr/bin/etcdctl" ]; }
has 3.4 && has 3.5 && exit 0

fail() {
  echo "etcd cannot be had here: $1" >&2
  echo "Debian and Ubuntu have it as etcd-server and etcd-client; etcd.io/docs/latest/install has the rest. On PATH it is found." >&2
  exit 1
}
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "this machine has no apt"
# the mirror and the keys are this machine's own; only the suite is another
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
keys=$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -n 1)
[ -n "$mirror" ] && [ -n "$keys" ] || fail "apt knows no mirror of Debian"

# unpack VERSION SUITE...: the first of the suites that has a package of that version
unpack() {
  version=$1
  shift
  has "$version" && return 0
  for suite in "$@"; do
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/root"
    printf 'deb [signed-by=%s] %s %s main\n' "$keys" "$mirror" "$suite" >"$work/sources.list"
    if download "$version" >"$work/log" 2>&1; then
      for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$work/root"; done
      mkdir -p "$target"
      rm -rf "${target:?}/$version"
      mv "$work/root" "$target/$version"
      rm -rf "$work"
      return 0
    fi
    cat "$work/log" >&2
    rm -rf "$work"
  done
  fail "no suite of $mirror has version $version"
}
download() {
  apt update && apt download etcd-server etcd-client || return 1
  # shellcheck disable=SC2144
  ls "$work"/etcd-server_"$1"[.~]*.deb
}
apt() {
  (cd "$work" && apt-get --quiet --option "Dir::Etc::SourceList=$work/sources.list" \
    --option "Dir::Etc::SourceParts=$work/parts" --option "Dir::State::Lists=$work/lists" \
    --option "Dir::Cache=$work/cache" --option APT::Sandbox::User=root "$@")
}
unpack 3.4 bookworm
unpack 3.5 trixie sid

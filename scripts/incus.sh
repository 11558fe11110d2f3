#!/bin/sh
# Unpacks Incus from Debian's bookworm-backports into a folder, for the tests that run real daemons of it: nothing is
# installed, no service is started. Quiet and idempotent. Needs apt and a Debian mirror; says so and fails otherwise.
# Folder: $ROLLCALL_INCUS_ROOT, else .cache/incus/root at the repository's root.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
target=${ROLLCALL_INCUS_ROOT:-$root/.cache/incus/root}
[ -x "$target/usr/libexec/incus/incusd" ] && exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/parts" "$work/root"
# the mirror and the keys are this machine's own; only the suite is another
mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
keys=$(ls /usr/share/keyrings/debian-archive-keyring.* 2>/dev/null | head -n 1)
printf 'deb [signed-by=%s] %s bookworm-backports main\n' "$keys" "${mirror:?apt knows no mirror of Debian}" >"$work/sources.list"
apt() {
  apt-get --quiet --option "Dir::Etc::SourceList=$work/sources.list" --option "Dir::Etc::SourceParts=$work/parts" \
    --option "Dir::State::Lists=$work/lists" --option "Dir::Cache=$work/cache" --option APT::Sandbox::User=root "$@"
}
apt update >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
(cd "$work" && apt download incus-base incus-client libcowsql0 libraft0) >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
for package in "$work"/*.deb; do dpkg-deb --extract "$package" "$work/root"; done
mkdir -p "$(dirname "$target")"
rm -rf "$target"
mv "$work/root" "$target"

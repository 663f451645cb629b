#!/usr/bin/env bash
# Installs what gaze is built from: samples/setup.sh, or samples/setup.sh --tests for what the tests need too.
# Packages that are there already are left alone; silent when nothing is missing.
set -eu

packages=(gcc libc6-dev meson ninja-build pkg-config libjansson-dev libxxhash-dev libopenblas-openmp-dev libdnnl-dev
  libpng-dev libjpeg62-turbo-dev libwebp-dev libheif-dev libutf8proc-dev zlib1g-dev libsqlite3-dev
  libcurl4-openssl-dev libssl-dev libcmocka-dev)
[ "${1:-}" != --tests ] || packages+=(g++ clang libclang-rt-dev libomp-dev clang-format git)

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "gaze: this is no Debian: install what these packages hold: ${packages[*]}" >&2
  exit 0
fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

install=(env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}")
if [ "$(id -u)" -eq 0 ]; then
  become=()
elif command -v sudo >/dev/null; then
  become=(sudo)
else
  printf 'gaze: packages are missing and there is no sudo: as root, type:\n  apt-get update && apt-get install %s\n' \
    "${missing[*]}" >&2
  exit 1
fi
echo "installing: ${missing[*]}" >&2
log=$(mktemp)
if ! { "${become[@]}" apt-get update && "${become[@]}" "${install[@]}"; } >"$log" 2>&1; then
  tail -n 5 "$log" >&2
  printf 'gaze: the packages could not be installed: type this and look at what it says:\n  %s apt-get install %s\n' \
    "${become[*]}" "${missing[*]}" >&2
  exit 1
fi
rm -f "$log"

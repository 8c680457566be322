#!/usr/bin/env bash
# Installs the browser of the tests where there is none: Debian's Chromium. Needs root and apt; does nothing otherwise.
set -euo pipefail

command -v chromium >/dev/null && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "chromium.sh: there is no chromium, and only root can install it with apt; install it as your system does" >&2
    exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null
chromium --version

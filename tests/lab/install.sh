#!/bin/sh
# What the lab needs beside Python: nginx, Chromium and Firefox; with `venv`, Debian's package for python3 -m venv.
# Installs them where it may (root on Debian or Ubuntu); elsewhere says what is left out and how to get it.
set -eu
missing=
if [ "${1:-}" = venv ]; then
    missing="python3-venv"
else
    command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] || missing="nginx-light"
    command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 || command -v google-chrome >/dev/null 2>&1 || missing="$missing chromium"
    command -v firefox-esr >/dev/null 2>&1 || command -v firefox >/dev/null 2>&1 || missing="$missing firefox-esr"
fi
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    export DEBIAN_FRONTEND=noninteractive
    echo "installing: $missing"
    # shellcheck disable=SC2086  # a list of words
    if apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing >/dev/null; then
        exit 0
    fi
fi
echo "The live lab tests are left out: $missing cannot be installed here. To have them: sudo apt-get install $missing"
[ -z "${CI:-}" ] || exit 1

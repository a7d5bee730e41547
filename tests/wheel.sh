#!/bin/sh
# Builds the wheel, installs it into a fresh environment away from the checkout, and analyses a sample from there.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
python=$here/${1:-.venv/bin/python}
away=$(mktemp -d)
trap 'rm -rf "$away"' EXIT
"$python" -m build --wheel --outdir "$away/dist" "$here" >"$away/build.log" 2>&1 || { cat "$away/build.log"; exit 1; }
"$python" -m venv "$away/venv"
"$away/venv/bin/python" -m pip install --quiet --constraint "$here/constraints.txt" "$away"/dist/*.whl
cp -r "$here/samples/proxy/upgrade-headers-missing/bundle" "$away/bundle"
cd "$away"
"$away/venv/bin/wslogs" analyze bundle --output out --lang ru
"$away/venv/bin/python" - <<'PY'
import json
verdict = json.load(open("out/report.json", encoding="utf-8"))["verdict"]
assert verdict["detail"] == "proxy.upgrade-headers", verdict
print("the wheel works away from the checkout")
PY

#!/usr/bin/env bash
# Builds .venv-studio, from which `langgraph dev` serves both graphs to LangGraph Studio. Run from the repository's root.
set -euo pipefail
python="${PYTHON:-python3}"
venv="${1:-.venv-studio}"

"$python" -m venv "$venv"
# The lock's versions, without the packages that the server pins itself.
grep -v -i -E '^(grpcio|protobuf|googleapis|langsmith|opentelemetry|starlette|uvicorn|cryptography)' requirements.lock \
    >"$venv/constraints.txt"
pip=("$venv/bin/python" -m pip install --quiet --disable-pip-version-check)
"${pip[@]}" --constraint "$venv/constraints.txt" --requirement deploy/studio.txt
"${pip[@]}" --no-deps --editable .

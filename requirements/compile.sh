#!/usr/bin/env bash
# Renews the pinned requirement files from pyproject.toml: `make requirements` (add UPGRADE=1 for newer versions).
# They hold hashes and no addresses, so they install from whichever index a machine has.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
compile() {
    "$uv" pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version "${python:-3.13}" \
        ${UPGRADE:+--upgrade} "$@"
}

# The layers take the versions that the tests ran with.
compile pyproject.toml --extra local --extra catalog --extra readers --group dev -o requirements/dev.txt
compile pyproject.toml --extra catalog -c requirements/dev.txt -o layers/bucketdex/requirements.txt
compile requirements/checksums.in -c requirements/dev.txt -o layers/checksums/requirements.txt
compile requirements/readers.in -c requirements/dev.txt -o layers/readers/requirements.txt
# Only the files in these packages are wanted: what their code imports (pandas, jupyter) is left out.
compile --group demo --no-deps -o requirements/demo.txt

# Tools that live in environments of their own, beside .venv.
python=3.9 compile requirements/uv.in -o requirements/uv.txt # installed by whichever python3 a machine has
compile requirements/sam.in -o requirements/sam.txt
compile requirements/runtime.in -c requirements/dev.txt -o requirements/runtime.txt
compile requirements/quilt.in -o requirements/quilt.txt

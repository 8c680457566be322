"""Run by the Python that has `quilt3`: reads manifests, a JSON string a line, and prints the top hash of each."""

import io
import json
import sys
import warnings

warnings.simplefilter("ignore")

from quilt3 import Package  # noqa: E402

for line in sys.stdin:
    print(json.dumps(Package.load(io.StringIO(json.loads(line))).top_hash))

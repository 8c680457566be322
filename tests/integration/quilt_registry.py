"""Run by the Python that has `quilt3`: does with a registry what the lines it reads say, and tells what it saw."""

import json
import os
import sys
import warnings

warnings.simplefilter("ignore")
os.environ["QUILT_MINIMIZE_STDOUT"] = "1"

from quilt3 import Package  # noqa: E402


def tell(package):
    return {
        "top_hash": package.top_hash,
        "meta": package.meta or {},
        "message": package._meta.get("message"),
        "directories": {key: meta for key, meta in package._walk_dir_meta()},  # noqa: C416
        "entries": {key: [str(it.physical_key), it.size, it.hash, it.meta or {}] for key, it in package.walk()},
    }


for line in sys.stdin:
    doing, *of = json.loads(line)
    if doing == "browse":
        handle, registry = of
        answer = tell(Package.browse(handle, registry=registry))
    else:
        handle, registry, message, meta, folders, files = of
        package = Package()
        for path, folder in folders:
            package.set_dir(path, folder)
        for key, file, own in files:
            package.set(key, file, meta=own)
        if meta is not None:
            package.set_meta(meta)
        package.build(handle, registry=registry, message=message)
        answer = tell(package)
    print(json.dumps(answer), flush=True)

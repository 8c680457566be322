"""Run by the Python that has `quilt3`: reads what to do, a JSON object a line, and prints what came of each."""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import quilt3  # noqa: E402


def push(job):
    package = quilt3.Package()
    package.set_dir("/", job["folder"])
    for key, meta in job.get("meta", {}).items():
        package[key].set_meta(meta)
    if "user_meta" in job:
        package.set_meta(job["user_meta"])
    options = {"workflow": job["workflow"]} if "workflow" in job else {}
    done = package.push(job["handle"], job["registry"], message=job.get("message"), force=True, **options)
    return {"top_hash": done.top_hash, "header": done._meta}


def install(job):
    done = quilt3.Package.install(job["handle"], job["registry"], dest=job["folder"])
    return {"top_hash": done.top_hash}


for line in sys.stdin:
    job = json.loads(line)
    try:
        told = {"push": push, "install": install}[job["do"]](job)
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    sys.__stdout__.write("\n" + json.dumps({"done": told}) + "\n")
    sys.__stdout__.flush()

"""Run by the Python that has `quilt3`: reads what to do, a JSON object a line, and prints what came of each."""

import base64
import hashlib
import json
import sys
import warnings

warnings.simplefilter("ignore")

import quilt3  # noqa: E402
import quilt3.hooks  # noqa: E402


def as_aws_answers(build, session, options):
    """AWS tells the checksum of each part and of the whole; the emulator does not, and `quilt3` needs both."""
    s3 = build(session, options)
    upload_part, complete = s3.upload_part, s3.complete_multipart_upload

    def told_upload_part(**wanted):
        answer = upload_part(**wanted)
        wanted["Body"].seek(0)
        answer.setdefault("ChecksumSHA256", base64.b64encode(hashlib.sha256(wanted["Body"].read()).digest()).decode())
        return answer

    def told_complete(**wanted):
        answer = complete(**wanted)
        digests = [base64.b64decode(part["ChecksumSHA256"]) for part in wanted["MultipartUpload"]["Parts"]]
        whole = base64.b64encode(hashlib.sha256(b"".join(digests)).digest()).decode()
        answer.setdefault("ChecksumSHA256", f"{whole}-{len(digests)}")
        return answer

    s3.upload_part, s3.complete_multipart_upload = told_upload_part, told_complete
    return s3


quilt3.hooks.set_build_s3_client_hook(as_aws_answers)


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
    quilt3.Package.install(job["handle"], job["registry"], dest=job["folder"])
    return {"top_hash": quilt3.Package.browse(job["handle"], job["registry"]).top_hash}


for line in sys.stdin:
    job = json.loads(line)
    try:
        told = {"push": push, "install": install}[job["do"]](job)
    except Exception as error:
        told = {"error": f"{type(error).__name__}: {error}"}
    sys.__stdout__.write("\n" + json.dumps({"done": told}) + "\n")
    sys.__stdout__.flush()

"""`reconcile`: make the documents of pointers and manifests, and the entries of manifests, say what S3 says now."""

from collections.abc import Iterable

from bucketdex.changes.hint import Hint, ObjectName
from bucketdex.changes.outcome import Outcome, Tally
from bucketdex.errors import Permanent, Transient
from bucketdex.manifest import layout
from bucketdex.manifest.layout import PointerName
from bucketdex.packages import manifests, pointers
from bucketdex.packages.edges import KIND, Edges


def reconcile(edges: Edges, hints: Iterable[Hint], tally: Tally) -> dict[ObjectName, Outcome]:
    """Bring the documents of each hint's key to what S3 holds.

    A key's failure is its own: it never keeps another from being written. Raises `Transient` if the control table
    cannot be read.
    """
    hints = list(hints)
    view = edges.control.view(KIND, {hint.bucket for hint in hints})
    if hints and view.buckets and not view.generations:
        raise Transient("the control table names no index of packages: run `bucketdex bucket add` again")

    def one(hint: Hint) -> Outcome:
        try:
            return _reconcile(edges, hint, tally)
        except Exception as error:  # noqa: BLE001, also a bug in here is this key's alone
            return Outcome("failed", error)

    # Pointers first: they are quick, and what they are about to tell a manifest it then knows.
    ordered = sorted(hints, key=lambda hint: not isinstance(layout.parse(hint.key), PointerName))
    names = [(hint.bucket, hint.key) for hint in ordered]
    return dict(zip(names, edges.concurrently(one, ordered), strict=True))


def _reconcile(edges: Edges, hint: Hint, tally: Tally) -> Outcome:
    match layout.parse(hint.key):
        case PointerName() as name:
            return pointers.reconcile(edges, hint, name, tally)
        case None:
            raise Permanent(f"s3://{hint.bucket}/{hint.key} is neither a pointer nor a manifest")
        case name:
            return manifests.reconcile(edges, hint, name, tally)

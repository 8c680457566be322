"""OpenSearch as the trail and the checks use it too: an index of reads, refreshes, and the search of a check."""

from typing import Any

import msgspec

from bucketdex.index.generations import PACKAGES_ALIAS, READS_ALIAS
from bucketdex.index.mappings import OBJECT, READS
from simulation.contents import POISON
from simulation.model_index import Doc, Index, ModelOpenSearch, error_of
from simulation.packages.model_index import matches

READS_INDEX, PACKAGES_INDEX = f"{READS_ALIAS}-v1-1", f"{PACKAGES_ALIAS}-v1-1"
FIELDS = {True: frozenset(READS["properties"]), False: frozenset(OBJECT["properties"])}
SHOWN_EARLY = 0.3  # chance that what was just written is found before it must be


class TrailSearch(ModelOpenSearch):
    """OpenSearch of one world; `shown` are the documents that a search finds, by index."""

    shown: dict[str, dict[str, Doc]]

    def begin(self) -> None:
        """Make the indexes that are there from the start, beside those of objects."""
        self.shown = {}
        self.indexes[READS_INDEX] = Index()
        self.indexes[PACKAGES_INDEX] = Index()

    def _answer(self, method: str, url: str, body: bytes, *, cut: bool) -> Any:
        named = url.split("/")[1].split(",")
        if url.endswith("/_refresh"):
            self._refresh(named)
            return {"_shards": {"failed": 0}}
        if url.endswith("/_search"):
            if self._rng.random() < SHOWN_EARLY:
                self._refresh(named)
            return self._search(named[0], msgspec.json.decode(body))
        return super()._answer(method, url, body, cut=cut)

    def _refresh(self, named: list[str]) -> None:
        for name in named:
            self.shown[name] = dict(self.indexes[name].docs)

    def _search(self, index: str, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["sort"] == [{"key": "asc"}]
        docs = self.shown.get(index, {}).values()
        found = sorted((it.source for it in docs if matches(asked["query"], it.source)), key=_key)
        hits = [{"_source": {n: it[n] for n in asked["_source"] if n in it}} for it in found[: asked["size"]]]
        return {"timed_out": False, "hits": {"hits": hits}}

    def _written(self, operation: str, about: dict[str, Any], source: dict[str, Any]) -> Any:
        if about["_index"] != READS_INDEX:
            return super()._written(operation, about, source)
        watch, self._watch = self._watch, lambda *_: None
        try:
            return super()._written(operation, about, source)
        finally:
            self._watch = watch

    def _refusal(self, about: dict[str, Any], source: dict[str, Any]) -> dict[str, str] | None:
        if unknown := set(source) - FIELDS[about["_index"] == READS_INDEX]:
            return error_of("strict_dynamic_mapping_exception", f"dynamic introduction of {unknown} is not allowed")
        if POISON in (source.get("content") or ""):
            return error_of("mapper_parsing_exception", f"failed to parse field [content] of document '{about['_id']}'")
        return None


def _key(source: dict[str, Any]) -> str:
    return str(source["key"])

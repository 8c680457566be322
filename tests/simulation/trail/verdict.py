"""What must hold beside what holds in every world of objects: who wrote what is shown, and how often it was read."""

from collections import defaultdict
from datetime import datetime
from typing import Any

import msgspec

from simulation.deliveries import Deliveries
from simulation.knobs import Knobs as ObjectsKnobs
from simulation.model_index import ModelOpenSearch
from simulation.model_s3 import NULL, Name, Version
from simulation.trail.calls import MAKING, OWN, PRINCIPALS, Calls, Principal, Record
from simulation.trail.model_index import READS_INDEX
from simulation.trail.service import Truth
from simulation.verdict import Verdict
from simulation.writers import BULK

Row = tuple[str, str, str]  # bucket, key, day
OURS = '{"bucketdex":"changes/1"'
BY_ARN = {principal.identity["arn"]: principal for principal in (*PRINCIPALS, OWN)}


class TrailVerdict(Verdict):
    """Judges one world: `calls` and `truth` are what happened, `identities` what may be kept of it."""

    calls: Calls
    truth: Truth
    identities: str
    told: dict[tuple[Name, str], int]  # when the author of a version was last told

    def judge(self, opensearch: ModelOpenSearch, deliveries: Deliveries, knobs: ObjectsKnobs) -> None:
        """Compare also the counts of reads with the log files."""
        super().judge(opensearch, deliveries, knobs)
        before = len(self.violations)
        self._judge_rows(opensearch)
        self.judged += len(self.violations) - before

    # Who wrote it.

    def hear(self, queue: str, body: str) -> None:
        """Note what is sent to be indexed."""
        if queue != BULK or not body.startswith(OURS):
            return
        for change in msgspec.json.decode(body)["changes"]:
            for fact in change.get("facts", ()):
                if fact.get("written_by") and fact.get("version_id", NULL) != NULL:
                    self.told[(change["bucket"], change["key"]), fact["version_id"]] = self._schedule.now

    def _judge_author(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        if version.id == NULL:  # which no record says enough of
            self._judge_told_author(where, name, version, document)
            return
        principal, time = self.calls.authors[name, version.id]
        author, expected = document.get("written_by"), principal.shown(self.identities)
        if author and author != expected:
            self.says("fact of another version", f"{where} was written by {author} instead of {expected}")
        if author and datetime.fromisoformat(document["written_at"]) != datetime.fromisoformat(time):
            self.says("fact of another version", f"{where} was written at {document['written_at']} instead of {time}")
        if author or not expected:
            return
        told = self.told.get((name, version.id))
        if told is not None and told > self.lasts_since(name):
            self.says("fact lost", f"{where} has no author; told was {expected}")
        if told is None and name[0] not in self.connected and version.id in self._recorded(name):
            self.says("fact lost", f"{where} has no author, and nobody told of {expected}, who was recorded")

    def _judge_told_author(self, where: str, name: Name, version: Version, document: dict[str, Any]) -> None:
        """Of what is told the newest counts; what was told before the key showed this may have got lost."""
        facts = [(sent, it) for sent, it in self._writers.facts.about(name, version) if it.get("written_by")]
        author = document.get("written_by")
        if not author:
            if [it for sent, it in facts if sent > self.lasts_since(name)]:
                self.says("fact lost", f"{where} has no author; told was {facts}")
            return
        times = [it["written_at"] for _, it in facts if it["written_by"] == author]
        if not times:
            self.says("fact of another version", f"{where} was written by {author}; told was {facts}")
        elif newer := [it for sent, it in facts if sent > self.lasts_since(name) and it["written_at"] > max(times)]:
            self.says("older author", f"{where} was written by {author}, and told was {newer}")

    def _recorded(self, name: Name) -> set[str]:
        """Return the versions of a key of which a record was delivered."""
        made = (it for it in self.truth.records() if it["eventName"] in MAKING)
        asked = {"bucketName": name[0], "key": name[1]}
        return {
            it["responseElements"]["x-amz-version-id"]
            for it in made
            if it.get("errorCode") is None and asked.items() <= it["requestParameters"].items()
        }

    # How often it was read.

    def _judge_rows(self, opensearch: ModelOpenSearch) -> None:
        expected = self._expected_rows()
        found = [doc.source for doc in opensearch.indexes[READS_INDEX].docs.values()]
        rows: dict[Row, dict[str, Any]] = {(it["bucket"], it["key"], it["day"]): it for it in found}
        if len(rows) < len(found):
            self.says("wrong reads", f"a day has two rows: {found}")
        self._schedule.counts["rows of reads judged"] += len(rows)
        for row in rows.keys() | expected.keys():
            if row[0] in self.connected:  # what was read before it was connected is not counted, or is
                continue
            readers = expected.get(row, [])
            distinct = {it for reader in readers if (it := _identity(reader, self.identities))}
            told = rows.get(row, {})
            counted = (told.get("count", 0), told.get("reader_count", 0))
            if counted != (len(readers), len(distinct)):
                self.says("wrong reads", f"{row} has {counted} reads and readers, not {len(readers), len(distinct)}")
            if told and len(told.get("readers", [])) != told.get("reader_count"):
                self.says("wrong reads", f"{row} has other readers than it counts: {told}")

    def _expected_rows(self) -> dict[Row, list[Principal]]:
        rows: dict[Row, list[Principal]] = defaultdict(list)
        for record in (it for records in self.truth.files.values() for it in records):
            if place := self._is_counted(record):
                rows[*place, record["eventTime"][:10]].append(BY_ARN[record["userIdentity"]["arn"]])
        return rows

    def _is_counted(self, record: Record) -> Name | None:
        asked = record["requestParameters"]
        if record["eventName"] != "GetObject" or record.get("errorCode") or record["userIdentity"] is OWN.identity:
            return None
        return (asked["bucketName"], asked["key"]) if asked["bucketName"] in self._control.buckets else None


def _identity(reader: Principal, identities: str) -> Any:
    shown = reader.shown(identities)
    return tuple(shown.values()) if shown else None

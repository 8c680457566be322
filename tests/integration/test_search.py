"""What people type finds what they mean, in a real OpenSearch."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec
import pytest
from opensearchpy import OpenSearch

from bucketdex.changes.hint import Hint
from bucketdex.index import writer
from bucketdex.index.generations import NOT_DELETED, OBJECTS_ALIAS
from bucketdex.index.ids import object_id
from bucketdex.index.mappings import objects_index
from bucketdex.objects.document import object_document
from bucketdex.objects.observe import Observation
from bucketdex.searching.answering import search
from bucketdex.searching.language.parsing import QuerySyntaxError
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer

INDEX = "bucketdex-objects-test-of-search"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
COUNTS = "runs/2024/RNAseq_sample-042.counts.csv.gz"
FILES = {
    COUNTS: b"\x1f\x8b\0\0",
    "notes/plate seven.md": "The <b>quick</b> fox of plate seven & café".encode(),
    "images/IMG_0042.jpg": b"\xff\xd8\xff\0",
    "camelCase/sampleCounts042.txt": b"nothing here",
    "a+b/100% sure 🧬.csv": b"x,y\n1,2\n",
    "table.csv": "gene_count,name\n5,BRCA1\nBRCA2,0.75\n遺伝子 解析\n".encode(),
}


@pytest.fixture(scope="module")
def corpus(index: OpenSearch) -> Iterator[OpenSearch]:
    index.indices.create(index=INDEX, body=objects_index(1, 0) | {"aliases": {OBJECTS_ALIAS: {"filter": NOT_DELETED}}})
    put(index, "lab", FILES)
    put(index, "secret", {"runs/RNAseq_sample-042.counts.csv.gz": b"classified words"})
    write(index, "lab", "gone/RNAseq.csv", Observation(NOW, gone=True))
    index.indices.refresh(index=INDEX)
    yield index
    index.indices.delete(index=INDEX)


def put(index: OpenSearch, bucket: str, files: dict[str, bytes]) -> None:
    for key, body in files.items():
        answer = {
            "ContentLength": len(body),
            "ETag": f'"{key[:4]}"',
            "LastModified": NOW,
            "Metadata": {"project": "penguins", "weight": "4.5"} if key == COUNTS else {},
            "ResponseMetadata": {"HTTPHeaders": {}},
        }
        tags = {"stage": "raw"} if key == COUNTS else {}
        write(index, bucket, key, Observation(NOW, answer=answer, size=len(body), body=body, whole=True, tags=tags))


def write(index: OpenSearch, bucket: str, key: str, seen: Observation) -> None:
    document = msgspec.json.encode(object_document(Hint(bucket, key), seen))
    [result] = writer.write(index, [writer.Write(INDEX, object_id(bucket, key), document)])
    assert result == writer.Result(writer.DONE)


def found(corpus: OpenSearch, text: str, buckets: tuple[str, ...] = ("lab",)) -> list[str]:
    return [hit.key for hit in search(corpus, Viewer(frozenset(buckets)), Question(text)).hits]


@pytest.mark.parametrize(
    "text",
    [
        "rnaseq", "RNAseq", "sample 042", "042", "counts", "csv", ".csv.gz", "csv.gz", "rnas", "coun", "sample-042",
        "RNAseq_sample-042.counts.csv.gz", COUNTS, "penguins", "project=penguins", "stage=raw", "runs 2024 rnaseq",
        '"sample 042"', "counts rna",
    ],
)  # fmt: skip
def test_a_file_is_found_by_every_part_of_its_name_and_by_what_is_said_of_it(corpus, text):
    assert COUNTS in found(corpus, text)


def test_the_exact_name_comes_first(corpus):
    assert found(corpus, "RNAseq_sample-042.counts.csv.gz")[0] == COUNTS
    assert found(corpus, "sampleCounts042.txt")[0] == "camelCase/sampleCounts042.txt"


@pytest.mark.parametrize("text", ["sample", "counts", "042", "samplecounts042", "camel case"])
def test_words_written_together_are_found_apart(corpus, text):
    assert "camelCase/sampleCounts042.txt" in found(corpus, text)


@pytest.mark.parametrize("text", ["sure", "100%", "a+b", "100% sure 🧬.csv", "a+b/100% sure 🧬.csv"])
def test_odd_keys_are_found(corpus, text):
    assert "a+b/100% sure 🧬.csv" in found(corpus, text)


def test_every_word_has_to_be_found(corpus):
    assert found(corpus, "rnaseq zebra") == []
    assert found(corpus, '"seven plate"') == []
    assert found(corpus, '"plate seven"') == ["notes/plate seven.md"]


def test_content_is_found_and_marked_as_safe_html(corpus):
    answer = search(corpus, Viewer(frozenset({"lab"})), Question("quick"))
    [hit] = answer.hits
    assert answer.total == 1
    assert hit.highlights["content"] == ["The &lt;b&gt;<mark>quick</mark>&lt;&#x2F;b&gt; fox of plate seven &amp; café"]
    assert found(corpus, "cafe") == found(corpus, "café") == ["notes/plate seven.md"]


@pytest.mark.parametrize("text", ["brca1 name", "brca2 gene", "count brca2 5", "0.75 gene", "gene_count", "解析 gene"])
def test_the_cells_of_a_table_are_words(corpus, text):
    assert found(corpus, text) == ["table.csv"]


def test_what_was_deleted_is_not_found(corpus):
    assert all(not key.startswith("gone/") for key in found(corpus, "rnaseq"))
    assert all(not key.startswith("gone/") for key in found(corpus, ""))


def test_nobody_finds_what_is_in_a_bucket_that_they_may_not_see(corpus):
    assert search(corpus, Viewer(frozenset({"lab"})), Question("classified")).total == 0
    assert search(corpus, Viewer(frozenset({"secret"})), Question("classified")).total == 1
    assert search(corpus, Viewer(frozenset()), Question("")).total == 0
    assert search(corpus, Viewer(frozenset({"lab"})), Question(buckets=("secret",))).total == 0


def test_an_empty_search_finds_everything(corpus):
    assert search(corpus, Viewer(frozenset({"lab"})), Question(size=100)).total == len(FILES)


ODD = [
    "/", "\\", '"', '"""', "*", "?", "a*", "(", "[ TO ]", "key:", "AND OR NOT", "~", "-", "🧬", "-🧬", "\0",
    "é" * 5000, "a " * 3000,
    "-".join(map(str, range(300))), "-".join("ab" * 60), "a-b-c-d-e-f-g-h " * 60, "🧬*", "(🧬 OR /) a", "key:*?[*",
    "name:\\*",
    "size:..", "meta.:x", "meta.x:>1e999", 'meta."a b":*', "tag:*", "hash:*", "package:*@ab12cd", "-(-(-a))",
    "modified:>9999",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_nothing_that_is_typed_breaks_a_search(corpus, text):
    with contextlib.suppress(QuerySyntaxError):
        search(corpus, Viewer(frozenset({"lab"})), Question(text))

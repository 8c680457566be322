"""The judged queries by which ranking is measured are well formed, and all that they name is in the corpus."""

import msgspec
import pytest

from benchmarks.relevance import corpus
from benchmarks.relevance.files import kept
from benchmarks.relevance.judging import MEANT, grades, judge, queries
from bucketdex.searching.question import ALIASES, KINDS

QUERIES = queries()


@pytest.fixture(scope="module")
def names() -> frozenset[str]:
    return corpus.names()


def test_there_are_enough_queries_of_many_forms_each_once_and_with_a_reason():
    texts = [query.text for query in QUERIES]
    assert len(texts) >= 60
    assert len(texts) == len(set(texts))
    assert len({query.form for query in QUERIES}) >= 10
    assert all(query.why and str(MEANT) in query.judged for query in QUERIES)


def test_every_judged_document_is_in_the_corpus(names):
    for query in QUERIES:
        assert MEANT in grades(query, names).values()


def test_the_corpus_has_all_kinds_several_buckets_and_digests_that_are_asked_for():
    found = [(write.index, msgspec.json.decode(write.document)) for write in corpus.documents()]
    for kind in KINDS:
        assert sum(index.startswith(ALIASES[kind]) for index, _ in found) > 90
    assert {bucket for bucket, _ in kept()} | {"registry"} == set(corpus.BUCKETS)
    text = "\n".join(str(document) for _, document in found)
    for query in QUERIES:
        if query.form == "digest":
            assert query.text.rpartition("@")[2].rpartition(":")[2] in text


def test_the_best_answer_counts_one_and_a_second_hit_of_the_same_thing_nothing():
    wanted = {"a": 3, "b": 2, "c": 1}
    assert judge(["a", "b", "c"], wanted).ndcg == judge(["a", "b", "c", "x"], wanted).ndcg == 1
    assert judge(["x", "a", "a", "b"], wanted).grades == (0, 3, 0, 2)
    assert judge(["x", "a"], wanted).reciprocal == 0.5
    assert judge([], wanted).ndcg == judge(["c"], wanted).reciprocal == 0
    assert judge(["b", "a", "c"], wanted).ndcg < 1

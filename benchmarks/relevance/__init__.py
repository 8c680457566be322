"""How well searches find what was meant, over a corpus of real files and packages: ours against plain `multi_match`.

`queries.json` has the queries and what each should find; it was written before any ranking was looked at, and is not
changed to suit one. An entry of a package and the object that holds its bytes are one thing here.
"""

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks import own_opensearch
from benchmarks.measure import Figure
from benchmarks.relevance import corpus
from benchmarks.relevance.judging import CUT, Judged, Query, grades, judge, queries
from benchmarks.relevance.plain import file_of, plain
from bucketdex.aws import clients
from bucketdex.aws.settings import OpenSearchSettings
from bucketdex.errors import Fault
from bucketdex.searching.answering import search
from bucketdex.searching.hits import EntryHit, Hit, ObjectHit
from bucketdex.searching.question import Question
from bucketdex.searching.viewer import Viewer

GOAL, BETTER = 0.9, 0.2
WORST = 0  # queries that are listed
VIEWER = Viewer(frozenset(corpus.BUCKETS))
Answers = Mapping[str, list[str]]  # by the query's text


def run(worst: int = WORST) -> list[Figure]:
    """Make the corpus, ask all queries of both, and return how well each answered."""
    with own_opensearch.running(heap="512m") as url:
        client = clients.opensearch(OpenSearchSettings(url, "none"))
        corpus.fill(client)
        asked = queries()
        ours = _answers(asked, lambda text: [_name(hit) for hit in search(client, VIEWER, Question(text, CUT)).hits])
        plains = [
            _answers(asked, lambda text, operator=operator: plain(client, text, operator, CUT))  # type: ignore[misc]
            for operator in ("or", "and")
        ]
    return list(figures(asked, ours, plains, worst))


def figures(asked: Sequence[Query], ours: Answers, plains: Sequence[Answers], worst: int) -> Iterator[Figure]:
    """Return the figures of answers."""
    names = corpus.names()
    wanted = {query.text: grades(query, names) for query in asked}
    judged = _judged(ours, wanted)
    of_plain = max((_judged(answers, wanted) for answers in plains), key=_ndcg)
    ndcg, better = _ndcg(judged), _ndcg(judged) - _ndcg(of_plain)
    details = (*_by_form(asked, judged, of_plain), *_listed(asked, ours, judged, wanted, worst))
    yield Figure(
        f"nDCG@{CUT} of {len(asked)} judged queries", f"{ndcg:.3f}", f">= {GOAL}", met=ndcg >= GOAL, details=details
    )
    details = (
        f"plain: any word {_ndcg(_judged(plains[0], wanted)):.3f}, all words {_ndcg(_judged(plains[1], wanted)):.3f}",
        *_without_qualifiers(asked, judged, of_plain),
    )
    yield Figure(
        "the same, above the better of two plain `multi_match` (any word, all words)", f"{better:.3f}", f">= {BETTER}",
        met=better >= BETTER, details=details,
    )  # fmt: skip
    yield Figure("MRR of what was meant", f"{_mrr(judged):.3f}", details=(f"plain: {_mrr(of_plain):.3f}",))


def _answers(asked: Sequence[Query], ask: Callable[[str], list[str]]) -> dict[str, list[str]]:
    found = {}
    for query in asked:
        try:
            found[query.text] = ask(query.text)
        except Fault as error:
            found[query.text] = [f"refused: {error}"]
    return found


def _name(hit: Hit) -> str:
    if isinstance(hit, ObjectHit):
        return f"object:{hit.bucket}/{hit.key}"
    if isinstance(hit, EntryHit):
        return file_of(hit.physical_key or "")
    return f"package:{hit.handle}"


def _judged(answers: Answers, wanted: Mapping[str, dict[str, int]]) -> dict[str, Judged]:
    return {text: judge(hits, wanted[text]) for text, hits in answers.items()}


def _ndcg(judged: Mapping[str, Judged]) -> float:
    return statistics.mean(it.ndcg for it in judged.values())


def _mrr(judged: Mapping[str, Judged]) -> float:
    return statistics.mean(it.reciprocal for it in judged.values())


def _by_form(asked: Sequence[Query], judged: Mapping[str, Judged], of_plain: Mapping[str, Judged]) -> Iterator[str]:
    forms: dict[str, list[str]] = defaultdict(list)
    for query in asked:
        forms[query.form].append(query.text)
    for form, texts in forms.items():
        mine, others = (_ndcg({text: it[text] for text in texts}) for it in (judged, of_plain))
        yield f"{form}: {mine:.3f}, plain {others:.3f} ({len(texts)} queries)"


def _without_qualifiers(
    asked: Sequence[Query], judged: Mapping[str, Judged], of_plain: Mapping[str, Judged]
) -> Iterator[str]:
    """Tell the figures of what plain can understand at all."""
    texts = [query.text for query in asked if query.form != "qualifier" and not _is_language(query.text)]
    mine, others = (_ndcg({text: it[text] for text in texts}) for it in (judged, of_plain))
    yield f"of the {len(texts)} queries of words alone: {mine:.3f}, plain {others:.3f}"


def _is_language(text: str) -> bool:
    return any(mark in text for mark in ("column:", "meta.", "tag.", " -", " OR ", '"'))


def _listed(
    asked: Sequence[Query], answers: Answers, judged: Mapping[str, Judged], wanted: Mapping[str, dict[str, int]],
    worst: int,
) -> Iterator[str]:  # fmt: skip
    for query in sorted(asked, key=lambda query: judged[query.text].ndcg)[:worst]:
        it = judged[query.text]
        yield f"{it.ndcg:.3f} {query.text!r} ({query.form}): {query.why}"
        for grade, hit in zip(it.grades, answers[query.text], strict=False):
            yield f"    {grade or '-'} {hit}"
        missing = {name: grade for name, grade in wanted[query.text].items() if name not in answers[query.text]}
        for name, grade in sorted(missing.items(), key=lambda item: -item[1])[:5]:
            if grade > 1:
                yield f"      missing, {grade}: {name}"

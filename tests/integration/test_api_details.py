"""What the API tells of one thing, and how it answers: the real function behind the local load balancer."""

import gzip
import json
from urllib.parse import quote

import pytest

from bucketdex.aws import dead_letters
from bucketdex.aws.settings import search_api
from bucketdex.control.checks import Found
from served import COLONY, FILES, TREE, served

__all__ = ["served"]  # a fixture


def path(*parts: str) -> str:
    return "/api/" + "/".join(quote(it, safe="") for it in parts)


def test_an_object_is_told_with_all_that_is_indexed_of_it_whatever_its_key(served):
    found = served.json(path("objects", served.bucket, COLONY))
    assert (found["key"], found["name"], found["size"]) == (COLONY, "Colony 7 é.csv", len(FILES[COLONY]))
    assert found["columns"] == ["species", "island"] and found["tags"] == ["stage=raw"]
    assert found["written_by"] == {"type": "AssumedRole", "name": "lab", "session": "run-42"}
    assert {it["of"] for it in found["pairs"]} == {"metadata", "tag"} and "SHA256" in str(found["checksums"])
    assert found["content"].startswith("species")
    contained = served.json(path("objects", served.bucket, "raw/penguins.csv"))["packages"]
    assert contained["total"] == len(contained["packages"]) >= 1
    assert contained["packages"][0]["logical_key"] == "x.csv" and contained["packages"][0]["latest"]
    for bucket, key in ((served.bucket, "raw"), ("another", "raw/penguins.csv"), (served.bucket, "\0")):
        assert served.json(path("objects", bucket, key), 404)["detail"].startswith("nothing is indexed")
    assert "1,024 bytes" in served.json(path("objects", served.bucket, "é" * 600), 422)["detail"]


def test_versions_are_told_newest_first_page_by_page_with_their_markers(served):
    key = "gone/and back.txt"
    for body in (b"1", b"22", None, b"4444"):
        if body is None:
            served.registry.s3.delete_object(Bucket=served.bucket, Key=key)
        else:
            served.registry.s3.put_object(Bucket=served.bucket, Key=key, Body=body)
    served.registry.s3.put_object(Bucket=served.bucket, Key=f"{key}.longer", Body=b"x")
    at = path("objects", served.bucket, key, "versions")
    whole = served.json(at)
    assert whole["versions"][0]["size"] == 4 and len(whole["versions"]) == 4
    assert sorted(it.get("delete_marker", False) for it in whole["versions"]) == [False, False, False, True]
    assert [it["latest"] for it in whole["versions"]] == [True, False, False, False] and whole["cursor"] is None
    paged, cursor = [], ""
    while cursor is not None:
        page = served.json(f"{at}?size=1&cursor={quote(cursor)}")
        paged += page["versions"]
        cursor = page["cursor"]
    assert {it["version_id"] for it in paged} == {it["version_id"] for it in whole["versions"]} and len(paged) == 4
    assert served.json(path("objects", served.bucket, "never", "versions"))["versions"] == []
    assert served.json(path("objects", "another", key, "versions"), 404)


def test_a_package_is_told_with_its_revisions_and_by_any_of_its_hashes(served):
    found = served.json("/api/packages/bio/penguins")
    package = found["package"]
    assert (package["registry"], package["registries"], package["handle"]) == (
        served.bucket, [served.bucket], "bio/penguins",
    )  # fmt: skip
    assert (package["top_hash"], package["latest"], package["verified"]) == (served.latest, True, True)
    assert package["computed_top_hash"] == served.latest and package["searchable"] == "complete"
    assert package["metadata"] == ["license=CC0"] and package["entries"] == len(TREE)
    assert package["revisions"] == ["1700000001", "latest"]
    assert [(it["revision"], it["latest"], it["message"]) for it in found["revisions"]] == [
        ("1700000001", True, "revision 1"), ("1700000000", False, "revision 0"),
    ]  # fmt: skip
    page = served.json("/api/packages/bio/penguins?size=1")
    assert (page["total"], len(page["revisions"])) == (2, 1)
    rest = served.json(f"/api/packages/bio/penguins?size=1&cursor={page['cursor']}")
    assert rest["revisions"] == found["revisions"][1:]
    assert served.json(f"/api/packages/bio/alone?cursor={page['cursor']}", 422)["detail"].startswith("this cursor")
    alone = served.json("/api/packages/bio/alone")
    assert [it["revision"] for it in alone["revisions"]] == ["latest"] and alone["total"] == 1
    older = served.json(f"/api/packages/bio/penguins/{served.older[:8]}")
    assert (older["top_hash"], older["latest"], older["latest_top_hash"]) == (served.older, False, served.latest)
    assert served.json("/api/packages/bio/penguins/latest")["top_hash"] == served.latest
    for missing in ("bio/none", f"bio/penguins/{'0' * 64}", "bio/penguins?registry=another"):
        assert "there is no package" in served.json(f"/api/packages/{missing}", 404)["detail"]
    assert "6 characters" in served.json("/api/packages/bio/penguins/ab", 422)["detail"]
    listed = served.json(f"/api/packages?bucket={served.bucket}")
    assert listed["total"] == 2 and {it["handle"] for it in listed["packages"]} == {"bio/penguins", "bio/alone"}


def test_entries_are_told_in_order_below_a_prefix_page_by_page(served):
    at = f"/api/packages/bio/penguins/{served.latest[:12]}/entries"
    whole = served.json(at)
    keys = [it["logical_key"] for it in whole["entries"]]
    assert keys == sorted(TREE) and whole["total"] == len(keys) and whole["cursor"] is None
    assert whole["total_bytes"] == 3 * len(keys)
    assert whole["entries"][0]["physical"]["bucket"] == served.bucket
    below = served.json(f"{at}?prefix=a%2F")
    assert whole["searchable"] == "complete"
    assert [it["logical_key"] for it in below["entries"]] == ["a/b/1.csv", "a/b/2.csv", "a/c.csv"]
    paged, cursor = [], ""
    while cursor is not None:
        page = served.json(f"{at}?size=4&cursor={cursor}")
        paged += [it["logical_key"] for it in page["entries"]]
        cursor = page["cursor"]
    assert paged == keys


@pytest.mark.parametrize("size", [1, 2, 200])
def test_a_folder_is_one_level_of_the_tree_however_it_is_paged(served, size):
    at = f"/api/packages/bio/penguins/latest/folder?size={size}"

    def level(prefix: str) -> tuple[dict[str, int], list[str]]:
        folders, files, cursor = {}, [], ""
        while cursor is not None:
            page = served.json(f"{at}&prefix={quote(prefix, safe='')}&cursor={cursor}")
            assert len(page["folders"]) + len(page["files"]) <= size
            folders |= {it["name"]: it["entries"] for it in page["folders"]}
            files += [it["name"] for it in page["files"]]
            cursor = page["cursor"]
        return folders, files

    assert level("") == ({"a": 3, "images": 2}, ["README.md", "a.txt", "a0.csv", "x.csv"])
    assert level("a/") == ({"b": 2}, ["c.csv"])
    assert level("none/") == ({}, [])


def test_search_suggestions_and_facets_are_told(served):
    found = served.json("/api/search?q=penguins&size=2")
    assert found["total"] > 2 and len(found["hits"]) == 2 and found["cursor"]
    nxt = served.json(f"/api/search?q=penguins&size=2&cursor={quote(found['cursor'])}")
    assert nxt["total"] == found["total"] and nxt["hits"] and nxt["hits"] != found["hits"]
    assert served.json("/api/search?q=penguins&snapshot=true&size=1")["cursor"]
    assert isinstance(served.json("/api/suggest?q=peng")["suggestions"], list)
    facets = served.json("/api/facets?facet=bucket&facet=ext")
    assert [it["name"] for it in facets["facets"]] == ["bucket", "ext"]
    mistake = served.json("/api/search?q=size%3Abig", 422)
    assert mistake["column"] >= 1 and mistake["expected"]
    assert served.json("/api/search?cursor=forged", 422)["detail"]


def test_the_status_tells_what_waits_what_was_set_aside_and_what_checks_found(served):
    queue = search_api().queues[0]
    body = json.dumps({"version": 1, "bucket": served.bucket, "key": "k"})
    served.sqs.send_message(QueueUrl=queue.url, MessageBody="{}")
    for text in (body, "no JSON"):
        served.sqs.send_message(
            QueueUrl=queue.dead_letters_url, MessageBody=text,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in {"Reason": "it is bad", "Kind": "permanent", "MessageId": f"id of {text}"}.items()
            },
        )  # fmt: skip
    checks = served.registry.control.checks
    check = checks.begin(checks.state(served.bucket))
    assert check
    check = checks.checkpoint(check, "k", Found(3, {"etag": 1}))
    assert check and checks.finish(check, Found(2, {"etag": 1, "gone": 1}))
    for _ in range(2):  # looking takes nothing away
        told = served.json("/api/status")
        first = told["queues"][0]
        assert (first["name"], first["waiting"], first["dead_letters"]) == ("ObjectEvents", 1, 2)
        assert {it["id"]: (it["kind"], it["reason"]) for it in first["set_aside"]} == {
            f"id of {text}": ("permanent", "it is bad") for text in (body, "no JSON")
        }
        assert {(it.get("bucket"), it.get("key")) for it in first["set_aside"]} == {(served.bucket, "k"), (None, None)}
    with dead_letters.held(served.sqs, {"ObjectEvents": queue}) as letters:
        assert len(letters) == 2
    assert not told["settled"] and told["dead_letters"] == 2 and told["differing"] == 3
    [bucket] = told["buckets"]
    assert bucket["checked"]["keys"] == 5 and bucket["checked"]["differing"] == {"etag": 2, "gone": 1}
    assert bucket["documents"] == {"objects": len(FILES), "packages": 2, "entries": len(TREE) + 2}
    assert told["lag"]["objects"] == len(FILES) and 0 <= told["lag"]["median_seconds"] <= told["lag"]["worst_seconds"]
    assert {it["kind"] for it in told["generations"]} == {"objects", "packages", "reads"} and "problems" not in told
    served.sqs.purge_queue(QueueUrl=queue.dead_letters_url)


def test_answers_are_packed_known_by_their_etag_and_open_to_the_origins_that_were_set(served):
    at = path("objects", served.bucket, COLONY)
    status, headers, body = served.get(at)
    assert status == 200
    for large in ("/api/openapi.json", "/api/docs"):
        plain, packed = served.get(large), served.get(large, {"Accept-Encoding": "gzip"})
        assert packed[1]["content-encoding"] == "gzip" and gzip.decompress(packed[2]) == plain[2]
    for method in ("GET", "HEAD"):
        again = served.get(at, {"If-None-Match": headers["etag"], "Accept-Encoding": "gzip"}, method)
        assert (again[0], again[2]) == (304, b"") and again[1]["etag"] == headers["etag"]
    assert "access-control-allow-origin" not in headers
    origin = {"Origin": "https://notebooks.example.org"}
    assert served.get(at, origin)[1]["access-control-allow-origin"] == origin["Origin"]
    assert served.get("/api/nothing", origin)[1]["access-control-allow-origin"] == origin["Origin"]
    status, told, body = served.get(at, origin | {"Access-Control-Request-Method": "GET"}, "OPTIONS")
    assert (status, body) == (204, b"") and "GET" in told["access-control-allow-methods"]
    assert "access-control-allow-origin" not in served.get(at, {"Origin": "https://elsewhere.example.org"})[1]
    assert not served.failures

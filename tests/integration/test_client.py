"""`bucketdex.search` and `bucketdex search` on a real local stack: what is found is opened, paged through, and told."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pandas
import pyarrow
import pyarrow.parquet
import pytest

import bucketdex
from bucketdex.buckets.connect import connect
from bucketdex.catalog.objects import snippets
from bucketdex.client.hits import EntryHit, ObjectHit, PackageHit
from commands import Stack, it

__all__ = ["it"]  # a fixture

LAB, ELSEWHERE = "client-lab", "client-elsewhere"
MANY = 230  # of pages of 100
KEY = "runs/2024/penguins é+.csv"


@pytest.fixture(scope="module")
def lab(it: Stack) -> Iterator[Stack]:
    """A bucket with files, many of one sort, and a package; and the environment of who has just started a stack."""
    connect(LAB, it.edges, lambda: datetime.now(UTC))
    it.put(LAB, KEY, body=b"species,mass\nadelie,3700\ngentoo,5076\n", Metadata={"plate": "7"})
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"gene": ["BRCA1", "TP53"], "count": [1, 2]}), out)
    it.put(LAB, "runs/genes.parquet", body=out.getvalue())
    it.put(LAB, *(f"many/zebra-{number:03}.txt" for number in range(MANY)), body=b"stripes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BUCKETDEX_HOME", it.state.home)
        for name, value in it.variables.items():
            if name.startswith("AWS_"):
                patch.setenv(name, value)
        package = bucketdex.Package()
        package.set("birds/penguins.csv", f"s3://{LAB}/{KEY}".replace(" ", "%20").replace("é+", "%C3%A9%2B"))
        package.push("bio/penguins", f"s3://{LAB}", message="penguins of three islands")
        it.settle()
        for name in it.variables:
            patch.delenv(name, raising=False)
        yield it


def test_what_is_found_is_typed_and_its_bytes_are_those_that_were_found(lab: Stack) -> None:
    results = bucketdex.search("penguins", buckets=LAB)
    package, found = (next(hit for hit in results if isinstance(hit, kind)) for kind in (PackageHit, ObjectHit))
    assert package.handle == "bio/penguins" and package.uri == f"s3://{LAB}/.quilt/packages/{package.top_hash}"
    assert package.open().readline().startswith(b'{"version"')
    assert found.key == KEY and found.version_id and [it.handle for it in found.packages] == ["bio/penguins"]
    [entry] = bucketdex.search("penguins.csv", buckets=f"s3://{LAB}", kinds="entry")
    assert isinstance(entry, EntryHit) and entry.uri == found.uri and entry.handles == ["bio/penguins"]
    lab.put(LAB, KEY, body=b"another,table\n")
    for hit in (found, entry):
        frame = pandas.read_csv(hit.open())
        assert frame["species"].tolist() == ["adelie", "gentoo"] and frame["mass"].sum() == 8776
    [genes] = bucketdex.search("name:genes.parquet", buckets=LAB)
    assert pyarrow.parquet.read_table(genes.open())["gene"].to_pylist() == ["BRCA1", "TP53"]
    assert genes.open().read() == lab.s3.get_object(Bucket=LAB, Key=genes.key)["Body"].read()


ALIKE = (
    "alike/data.csv", "alike/DATA.csv", "alike/data.csv/data.csv", "alike", "alike/*.csv",
    'alike/it\'s "quoted" \\ back.csv', "alike/🐧 é+%20 (1)?#&;.csv", "alike/a  b .csv",
    f"alike/{'🐧 ' * 30}.csv", f"alike/{'w-' * 200}.csv",
)  # fmt: skip


def test_the_python_on_an_objects_page_opens_that_object_and_no_other(lab: Stack) -> None:
    connect(ELSEWHERE, lab.edges, lambda: datetime.now(UTC))
    for bucket in (LAB, ELSEWHERE):
        for key in ALIKE:
            lab.put(bucket, key, body=f"{bucket} {key}".encode())
    lab.put(LAB, "mentions.txt", body=f"s3://{LAB}/alike/data.csv".encode())
    lab.settle()
    for key in ALIKE:
        snippet = snippets.searching(LAB, key)
        assert snippet, key
        told: dict[str, Any] = {}
        exec(snippet.text, told)  # as who copied it does
        assert told["data"] == f"{LAB} {key}".encode()


def test_pages_are_of_one_moment_while_indexing_goes_on(lab: Stack) -> None:
    results = bucketdex.search("zebra", buckets=LAB, kinds="object", sort="name")
    assert len(results) == MANY
    keys = []
    for number, hit in enumerate(results):
        keys.append(hit.key)
        if number == 50:
            lab.put(LAB, "many/zebra-000a.txt", "many/zebra-199a.txt", body=b"stripes")
            lab.s3.delete_object(Bucket=LAB, Key="many/zebra-120.txt")
            lab.settle()
    assert keys == [f"many/zebra-{number:03}.txt" for number in range(MANY)]
    assert [hit.key for hit in results] == keys and len(results) == MANY
    anew = bucketdex.search("zebra", buckets=LAB, kinds="object").to_arrow()
    assert anew.num_rows == MANY + 1 and len(set(anew["key"].to_pylist())) == MANY + 1


def test_tables_and_facets_tell_what_is_there(lab: Stack) -> None:
    results = bucketdex.search("key:runs/*", buckets=LAB, kinds="object")
    frame = results.to_pandas().set_index("key")
    assert frame.loc["runs/genes.parquet", "size"] > 0 and str(frame["modified"].dtype) == "datetime64[us, UTC]"
    assert frame.loc[KEY, "columns"] in (["species", "mass"], ["another", "table"])
    facets = results.facets()
    assert facets.total == 2 and facets["ext"].counts == {".csv": 1, ".parquet": 1}
    narrower = next(value.query for value in facets["ext"].values if value.value == ".parquet")
    assert [hit.key for hit in bucketdex.search(narrower, buckets=LAB, kinds="object")] == ["runs/genes.parquet"]
    assert "runs/genes.parquet" in results._repr_html_()


def test_a_mistake_is_shown_by_python_and_by_the_command(lab: Stack) -> None:
    with pytest.raises(bucketdex.QueryError) as caught:
        len(bucketdex.search("penguins gene:BRCA1"))
    assert caught.value.column == 10 and "\n           ^" in str(caught.value)
    done = lab.run("search", "penguins gene:BRCA1")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[1:3] == ["  penguins gene:BRCA1", "           ^"]


def test_the_command_prints_all_hits_facets_and_the_page_of_the_search(lab: Stack) -> None:
    asked = ("search", "zebra NOT 000a NOT 199a", "-b", LAB, "-k", "object")
    lines = lab.json(*asked, "--all")
    rows = list(csv.DictReader(io.StringIO(lab.run(*asked, "--all", "--csv").stdout)))
    assert len(lines) == len(rows) >= MANY - 1 and {it["key"] for it in lines} == {it["key"] for it in rows}
    [answer] = lab.json(*asked)
    assert len(answer["hits"]) == 10 and answer["total"] == len(rows) and answer["cursor"]
    [facets] = lab.json(*asked, "--facets")
    assert facets["total"] == len(rows) and "Narrow it so" in lab.run("search", "-b", LAB, "--facets").stdout
    [page] = lab.json(*asked, "--open")
    assert page["url"].startswith(f"{lab.state.api_url}/search?q=bucket%3A{LAB}")
    assert lab.run("search", "pengiuns", "-b", LAB).stdout.startswith("Nothing found.\nDid you mean: ")
    assert json.loads(lab.run("search", "zebra", "-b", LAB, "--by-kind", "-n", "1", "--json").stdout)["hits"]

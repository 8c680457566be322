"""What the bytes of a file mean."""

import gzip
import io
import sys

import pytest

from bucketdex import Package
from bucketdex.registry.errors import PackageError


@pytest.fixture
def read(tmp_path):
    def read(name, content, **options):
        (tmp_path / name).write_bytes(content)
        return Package().set("x", tmp_path / name)["x"].deserialize(**options)

    return read


def test_json_text_and_yaml_are_read(read):
    assert read("a.json", b'{"a": 1}') == read("a.JSON", b'{"a": 1}') == {"a": 1}
    assert read("a.jsonl", b'{"a": 1}\n\n[2]\n') == [{"a": 1}, [2]]
    assert read("README.md", "# é".encode()) == "# é" and read("a.txt", b"\xe9", encoding="latin-1") == "é"
    assert read("a.yaml", b"a: [1, b]") == {"a": [1, "b"]}


def test_what_is_packed_is_unpacked(read):
    assert read("a.json.gz", gzip.compress(b"[1]")) == [1]
    with pytest.raises(PackageError, match=r"a.json.gz is not what its name says"):
        read("a.json.gz", b"[1]")


def test_a_format_that_is_not_known_can_be_named(read):
    with pytest.raises(PackageError, match=r"a.bin is of no format that is known: name one by `format=` \(csv"):
        read("a.bin", b"[1]")
    with pytest.raises(PackageError, match="of no format"):
        read("Makefile", b"[1]")
    assert read("a.bin", b"[1]", format="json") == [1] and read("a.bin", b"[1]", func=len) == 3


def test_what_is_not_of_its_format_says_so(read):
    with pytest.raises(PackageError, match=r"a.json is not what its name says: Expecting"):
        read("a.json", b"[1")


@pytest.mark.parametrize(
    ("name", "package"),
    [("a.csv", "pandas or pyarrow"), ("a.parquet", "pyarrow"), ("a.npy", "numpy"), ("a.yml", "pyyaml")],
)
def test_a_library_that_is_missing_is_named(read, monkeypatch, name, package):
    for module in ("pandas", "pyarrow", "pyarrow.csv", "numpy", "yaml"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(PackageError, match=f"the Python package {package} is needed: pip install"):
        read(name, b"")


def test_tables_are_read_by_pandas(read):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"a": [1, 2], "b": ["x", "é"]})
    assert read("a.csv", table.to_csv(index=False).encode()).equals(table)
    assert read("a.tsv", table.to_csv(index=False, sep="\t").encode()).equals(table)
    assert list(read("a.csv", b"a;b\n1;2\n", sep=";").columns) == ["a", "b"]
    pytest.importorskip("pyarrow")
    assert read("a.parquet", table.to_parquet()).equals(table)


def test_tables_are_read_by_pyarrow_where_there_is_no_pandas(read, monkeypatch):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = pyarrow.table({"a": [1, 2], "b": ["x", "é"]})
    assert read("a.csv", "a,b\n1,x\n2,é\n".encode()) == read("a.tsv", "a\tb\n1\tx\n2\té\n".encode()) == table
    packed = io.BytesIO()
    parquet.write_table(table, packed)
    assert read("a.parquet", packed.getvalue()) == table


def test_arrays_are_read_by_numpy_and_no_pickle_is(read):
    numpy = pytest.importorskip("numpy")
    one, many, pickled = io.BytesIO(), io.BytesIO(), io.BytesIO()
    numpy.save(one, numpy.arange(3))
    numpy.savez(many, a=numpy.arange(2), b=numpy.ones(1))
    numpy.save(pickled, numpy.array([{}], dtype=object))
    assert read("a.npy", one.getvalue()).tolist() == [0, 1, 2]
    assert {name: it.tolist() for name, it in read("a.npz", many.getvalue()).items()} == {"a": [0, 1], "b": [1.0]}
    with pytest.raises(PackageError, match="not what its name says"):
        read("a.npy", pickled.getvalue())

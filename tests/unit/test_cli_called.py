"""Commands that are named can be pasted: they are named as this one was called."""

import pytest

from bucketdex.cli.called import as_called


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for place in (".venv/bin/bucketdex", "bin/bucketdex", "bucketdex"):
        program = tmp_path / place
        program.parent.mkdir(parents=True, exist_ok=True)
        program.touch(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        (".venv/bin/bucketdex", ".venv/bin/bucketdex"),
        ("{folder}/.venv/bin/bucketdex", ".venv/bin/bucketdex"),
        ("{folder}/bin/bucketdex", "bucketdex"),
        ("./bucketdex", "./bucketdex"),
        ("/usr/share/of them/bucketdex", "'/usr/share/of them/bucketdex'"),
        ("/usr/bin/pytest", "bucketdex"),
    ],
)
def test_a_command_is_shown_as_it_can_be_run_from_here(folder, monkeypatch, called, shown):
    monkeypatch.setattr("sys.argv", [called.format(folder=folder)])
    assert as_called("bucketdex: `bucketdex local up`, then eval \"$(bucketdex local env)\"") == (
        f"bucketdex: `{shown} local up`, then eval \"$({shown} local env)\"")  # fmt: skip


def test_other_mentions_stay(folder, monkeypatch):
    monkeypatch.setattr("sys.argv", [".venv/bin/bucketdex"])
    text = "another stack of bucketdex has s3://bucketdex-demo/x; .venv/bin/bucketdex demo"
    assert as_called(text) == text

import pytest

from seqtasks.errors import UsageError
from seqtasks.serving.served_models import served_models

from .exports import make_exports


@pytest.fixture
def exports(tmp_path):
    folder = make_exports(tmp_path / "exports", ner=[1, 2, 10], sentiment=[1])
    (folder / ".serving").mkdir()
    (folder / "empty" / "1").mkdir(parents=True)
    (folder / "README.md").write_text("")
    return folder


def found(*arguments, **options):
    return {spec.name: (spec.versions, spec.labels) for spec in served_models(*arguments, **options)}


def test_everything_that_has_a_version_is_served_at_its_newest(exports):
    specs = served_models(export_dir=exports)
    assert [spec.name for spec in specs] == ["ner", "sentiment"]
    assert [spec.base_path for spec in specs] == [exports / "ner", exports / "sentiment"]
    assert {(spec.versions, spec.latest) for spec in specs} == {("latest", 1)}


def test_names_and_folders(exports, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert found(["ner"], "exports") == {"ner": ("latest", {})}
    assert found([exports / "ner"], "elsewhere") == {"ner": ("latest", {})}
    assert found(["exports/ner/2/"], "elsewhere") == {"ner": ((2,), {})}
    assert found(["exports/ner/10", "exports/ner/2", "sentiment"], "exports") == {
        "ner": ((2, 10), {}),
        "sentiment": ("latest", {}),
    }
    assert found(["ner", "exports/ner/2"], "exports") == {"ner": ((2,), {})}
    assert all(spec.base_path.is_absolute() for spec in served_models(["ner"], "exports"))


def test_labels_pin_versions(exports):
    labels = {"stable": {"ner": 2}, "canary": {"ner": 10}}
    assert found((), exports, labels) == {
        "ner": ((2, 10), {"stable": 2, "canary": 10}),
        "sentiment": ("latest", {}),
    }
    assert found([exports / "ner" / "1"], exports, {"stable": {"ner": 2}, "canary": {"ner": 2}}) == {
        "ner": ((1, 2), {"stable": 2, "canary": 2})
    }


@pytest.mark.parametrize(
    ("models", "labels", "message"),
    [
        (["nr"], {}, r"exports holds no export of 'nr'\. Did you mean 'ner'\? Known: ner, sentiment\.$"),
        (["translation"], {}, r"task 'translation' has no export in .* yet\. Write one with: seqtasks export translat"),
        (["exports/empty"], {}, r"exports/empty holds no export: no saved_model\.pb"),
        (["exports/ner/1", "other/ner"], {}, "two models are called 'ner'"),
        (["named/first"], {}, "folder's name is not a version's number"),
        ([], {"canary": {"nr": 2}}, r"--canary nr=2: 'nr' is not among what is served\. Did you mean 'ner'"),
        (["sentiment"], {"stable": {"ner": 2}}, "--stable ner=2: 'ner' is not among what is served"),
        ([], {"stable": {"ner": 3}}, r"--stable ner=3: .*ner has no such version\. There: 1, 2, 10\."),
    ],
)
def test_what_is_not_there(exports, tmp_path, monkeypatch, models, labels, message):
    monkeypatch.chdir(tmp_path)
    make_exports("other", ner=[1])
    make_exports("named", first=[""])
    with pytest.raises(UsageError, match=message) as caught:
        served_models(models, "exports", labels)
    assert "\n" not in str(caught.value)


def test_no_exports(tmp_path):
    with pytest.raises(UsageError, match=r"none: no such folder\. Write an export with: seqtasks export TASK"):
        served_models(export_dir=tmp_path / "none")
    with pytest.raises(UsageError, match=r"none: no such folder\. Write an export with: seqtasks export ner"):
        served_models(["ner"], export_dir=tmp_path / "none")
    with pytest.raises(UsageError, match="holds no export"):
        served_models(export_dir=tmp_path)

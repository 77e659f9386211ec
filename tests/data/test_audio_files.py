import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest

from seqtasks.data.audio import as_int16, write_wav
from seqtasks.data.audio_files import AudioFiles
from seqtasks.data.dataset import complete_splits
from seqtasks.data.sources import ReadOptions
from seqtasks.errors import DataError, UsageError


def sound(number=1):
    """A sound that can be told from others by its length."""
    return np.full(100 + number, 0.25, np.float32)


def put(folder, *names):
    for number, name in enumerate(names, start=1):
        write_wav(folder / name, sound(number), 8000)


def table(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter="\t" if path.suffix == ".tsv" else ",").writerows(rows)


def read(path, files=None, **options):
    return (files or AudioFiles()).read(path, ReadOptions(**options))


def texts(dataset, key="text"):
    return {split: [example[key] for example in examples] for split, examples in dataset.splits.items()}


def labels(dataset):
    return texts(dataset, "label")


def test_a_manifest_for_each_split(tmp_path):
    put(tmp_path / "wavs", "a.wav", "b.wav", "c.flac")
    table(tmp_path / "train.csv", [["path", "sentence"], ["wavs/a.wav", 'He said "yes",\n no'], ["wavs/c.flac", "ünd"]])
    table(tmp_path / "dev.tsv", [["id", "Audio", "Text"], ["7", "wavs/b.wav", " so  be it "]])
    (tmp_path / "test.jsonl").write_text(json.dumps({"audio_filepath": "wavs/a.wav", "text": 7}) + "\n\n")
    dataset = read(tmp_path)
    assert texts(dataset) == {"train": ['He said "yes", no', "ünd"], "validation": ["so be it"], "test": ["7"]}
    assert [len(example["audio"]) for example in dataset.splits["train"]] == [101, 103]
    assert np.array_equal(dataset.splits["train"][0]["audio"], as_int16(sound(1)))
    assert dataset.places["train"] == [(tmp_path / "train.csv", 3), (tmp_path / "train.csv", 4)]
    assert dataset.places["validation"] == [(tmp_path / "dev.tsv", 2)]
    assert dataset.notes == []


def test_sounds_in_the_folders_of_well_known_corpora(tmp_path):
    put(tmp_path / "clips", "a.wav")
    table(tmp_path / "train.tsv", [["client_id", "path", "sentence"], ["x", "a.wav", "one"]])
    table(tmp_path / "validated.tsv", [["path", "sentence"], ["none.wav", "of no use"]])
    assert texts(read(tmp_path)) == {"train": ["one"]}


def test_one_manifest_for_all_splits(tmp_path):
    put(tmp_path, "a.wav", "b.wav", "c.wav")
    rows = [
        ["file_name", "split", "transcription"],
        ["a.wav", "Test", "one"],
        ["b.wav", "", "two"],
        ["c.wav", "dev", "x"],
    ]
    table(tmp_path / "metadata.csv", rows)
    expected = {"train": ["two"], "validation": ["x"], "test": ["one"]}
    assert texts(read(tmp_path)) == texts(read(tmp_path / "metadata.csv")) == expected
    table(tmp_path / "metadata.csv", [*rows, ["a.wav", "trian", "y"]])
    with pytest.raises(DataError, match=r"metadata\.csv:5: unknown split 'trian'\. Did you mean 'train'"):
        read(tmp_path)
    assert read(tmp_path, skip_bad_rows=True).skipped == 1
    table(tmp_path / "manifest.tsv", rows)
    with pytest.raises(DataError, match=r"two manifests, manifest\.tsv and metadata\.csv: say which one"):
        read(tmp_path)
    assert texts(read(tmp_path / "manifest.tsv")) == expected
    lines = [{"audio": "a.wav", "text": "one", "split": "test"}, {"audio": "b.wav", "text": "two"}]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert texts(read(tmp_path / "rows.jsonl")) == {"train": ["two"], "test": ["one"]}


def test_columns_that_are_told(tmp_path):
    put(tmp_path, "a.wav")
    table(tmp_path / "train.csv", [["where", "what", "text"], ["a.wav", "one", "two"]])
    assert texts(read(tmp_path, features={"audio": "Where", "text": "what"})) == {"train": ["one"]}
    table(tmp_path / "train.csv", [["one", "a.wav"]])
    assert texts(read(tmp_path, features={"audio": "2", "text": "1"})) == {"train": ["one"]}
    with pytest.raises(DataError, match=r"train\.csv:1: --features text=3: there are 2 columns"):
        read(tmp_path, features={"audio": "2", "text": "3"})
    with pytest.raises(
        DataError, match=r"train\.csv:1: no column 'audio' for the audio\. Known: a\.wav, one\. Say which"
    ):
        read(tmp_path)
    with pytest.raises(UsageError, match=r"--features txt=one: unknown role 'txt'\. Did you mean 'text'"):
        read(tmp_path, features={"txt": "one"})


def test_labels_in_a_manifest(tmp_path):
    put(tmp_path, "a.wav", "b.wav")
    table(tmp_path / "train.csv", [["wav", "class"], ["a.wav", "dog"], ["b.wav", "cat"]])
    assert labels(read(tmp_path, AudioFiles("label"))) == {"train": ["dog", "cat"]}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["none.wav", "x"], r"train\.csv:3: no such file: \S+/none\.wav\. Mend the row, or leave .* --skip-bad-rows$"),
        (["", "x"], r"train\.csv:3: no sound is named\. Mend"),
        (["a.wav"], r"train\.csv:3: expected 2 columns, received 1\. Mend"),
        (["broken.wav", "x"], r"broken\.wav: not a sound file .* \(line 3 of train\.csv\)\. Leave .* --skip-bad-rows$"),
        (["cut.wav", "x"], r"cut\.wav: the sound file is cut off \(line 3 of train\.csv\)\. Leave"),
    ],
)
def test_bad_rows_are_named_or_skipped(tmp_path, row, message):
    put(tmp_path, "a.wav", "cut.wav")
    (tmp_path / "broken.wav").write_bytes(b"of no use")
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:-9])
    table(tmp_path / "train.csv", [["audio", "text"], ["a.wav", "one"], row, ["a.wav", "two"]])
    with pytest.raises(DataError, match=rf"^\S+/{message}") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)
    dataset = read(tmp_path, skip_bad_rows=True)
    assert texts(dataset) == {"train": ["one", "two"]}
    assert [line for _, line in dataset.places["train"]] == [2, 4]
    assert (dataset.skipped, dataset.notes) == (1, ["train: skipped 1 bad sound"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("{", "not JSON"),
        ("[]", r"expected a JSON object, received \[\]"),
        ('{"audio": "a.wav", "text": null}', "expected a string as text, received None"),
        ('{"audio": "a.wav"}', "expected a string as text, received None"),
        ('{"audio": ["a.wav"], "text": ""}', r"expected a string as audio, received \['a\.wav'\]"),
    ],
)
def test_bad_rows_of_json(tmp_path, row, message):
    put(tmp_path, "a.wav")
    (tmp_path / "train.jsonl").write_text('{"audio": "a.wav", "text": "one"}\n' + row)
    with pytest.raises(DataError, match=rf"train\.jsonl:2: {message}"):
        read(tmp_path)
    assert texts(read(tmp_path, skip_bad_rows=True)) == {"train": ["one"]}


def test_empty_texts_are_dropped_and_empty_tables_refused(tmp_path):
    put(tmp_path, "a.wav")
    table(tmp_path / "train.csv", [["audio", "text"], ["a.wav", "one"], ["a.wav", " "]])
    assert read(tmp_path).notes == ["train: dropped 1 sound with an empty text"]
    table(tmp_path / "test.csv", [["audio", "text"]])
    with pytest.raises(DataError, match=r"test\.csv: no rows\."):
        read(tmp_path)
    table(tmp_path / "test.csv", [["audio", "text"], ["a.wav", ""]])
    with pytest.raises(DataError, match="no sound of the test split can be read, or none has a text"):
        read(tmp_path)


def test_names_of_the_free_spoken_digit_data_set(tmp_path):
    names = [f"{digit}_{who}_{i}.wav" for digit in (3, 7) for who in ("ann", "bob") for i in range(12)]
    put(tmp_path / "recordings", *names)
    (tmp_path / "recordings" / "._3_ann_0.wav").write_bytes(b"of another program")
    dataset = read(tmp_path, AudioFiles("label"))
    assert {split: len(examples) for split, examples in dataset.splits.items()} == {"train": 28, "test": 20}
    assert {file.stem.split("_")[2] for file, _ in dataset.places["test"]} == set("01234")
    for split, examples in dataset.splits.items():
        for example, (file, _) in zip(examples, dataset.places[split], strict=True):
            assert example["label"] == file.stem[0]
            assert len(example["audio"]) == 101 + names.index(file.name)
    assert dataset.notes == [
        "each sound's label is what stands before the first underscore of its name: 3, 7",
        "test split: recordings 0 to 4 of each label and speaker, 20 sounds, as the free spoken digit data set has it",
    ]
    assert len(complete_splits(dataset).splits["test"]) == 20
    assert texts(read(tmp_path))["test"] == labels(dataset)["test"]


def test_other_names_with_a_label(tmp_path):
    put(tmp_path, "stop_1.wav", "go_now_2.wav", "go_.wav")
    assert labels(read(tmp_path, AudioFiles("label"))) == {"train": ["go", "go", "stop"]}
    # Their folders are splits.
    put(tmp_path / "val", "stop_4.wav")
    put(tmp_path / "train", "go_1_0.wav", "go_1_7.wav", "go_1_8.wav")
    dataset = read(tmp_path, AudioFiles("label"))
    assert labels(dataset) == {"train": ["go"] * 3, "validation": ["stop"]}
    assert dataset.notes[-1] == f"3 sounds outside the splits' folders of {tmp_path} not used"


def test_names_of_the_yes_no_data_set(tmp_path):
    put(tmp_path, "0_1_0.wav", "1_1_0_1.wav")
    dataset = read(tmp_path)
    assert texts(dataset) == {"train": ["no yes no", "yes yes no yes"]}
    assert dataset.notes == ["each sound's text is its name, 1 read as yes and 0 as no"]
    # Two parts may be a label and a number, and others are no such code.
    for other in ("0_1.wav", "0_2_1.wav"):
        put(tmp_path, other)
        assert texts(read(tmp_path))["train"].count("0") == 2
        (tmp_path / other).unlink()


def test_a_folder_for_each_label(tmp_path):
    put(tmp_path, "bed/1a_nohash_0.wav", "bed/2b_nohash_1.wav", "cat/1a_nohash_0.flac", "_noise_/hum.wav")
    (tmp_path / "validation_list.txt").write_text("bed/1a_nohash_0.wav\n")
    (tmp_path / "testing_list.txt").write_text("cat/1a_nohash_0.flac\n")
    dataset = read(tmp_path, AudioFiles("label"))
    assert labels(dataset) == {"train": ["bed"], "validation": ["bed"], "test": ["cat"]}
    assert dataset.notes == [
        "1 sound in folders that begin with an underscore not used",
        "each sound's label is the name of its folder: bed, cat",
        "the validation split is what validation_list.txt lists",
        "the test split is what testing_list.txt lists",
    ]
    assert set(labels(read(tmp_path, AudioFiles("label"), features={"label": "name"}))["train"]) == {"2b"}
    for folder in ("train", "test"):
        shutil.copytree(tmp_path / "bed", tmp_path / "new" / folder / "bed")
        shutil.copytree(tmp_path / "cat", tmp_path / "new" / folder / "cat")
    assert labels(read(tmp_path / "new", AudioFiles("label"))) == {
        "train": ["bed", "bed", "cat"],
        "test": ["bed", "bed", "cat"],
    }


def test_names_that_tell_nothing(tmp_path):
    put(tmp_path, "sub/a.wav", "sub/b.wav")
    with pytest.raises(DataError, match=r"nothing tells what is said .* Found: sub/a\.wav, sub/b\.wav$"):
        read(tmp_path)
    assert texts(read(tmp_path, features={"text": "folder"})) == {"train": ["sub", "sub"]}
    for features in ({"text": "column"}, {"audio": "name"}):
        with pytest.raises(UsageError, match=r"has no manifest with columns\. Say text=name or text=folder"):
            read(tmp_path, features=features)


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        read(tmp_path / "none")
    (tmp_path / "song.mp3").touch()
    with pytest.raises(DataError, match=r"no manifest, and no sounds, .* \.wav, \.flac or \.ogg\. Found: song\.mp3"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"song\.mp3: expected a folder of sounds, or a manifest that ends in one of"):
        read(tmp_path / "song.mp3")


def test_bad_sounds_found_by_name(tmp_path):
    put(tmp_path, "yes_1.wav", "no_1.wav")
    (tmp_path / "no_1.wav").write_bytes(b"")
    with pytest.raises(DataError, match=r"^\S+/no_1\.wav: no sound: the file is empty\. Leave such sounds out with"):
        read(tmp_path)
    assert texts(read(tmp_path, skip_bad_rows=True)) == {"train": ["yes"]}


def test_the_sample_rate(tmp_path):
    for rate in (8000, 16000):
        write_wav(tmp_path / f"yes_{rate}.wav", np.zeros(rate // 10, np.float32), rate)
    for dataset, length in (
        (read(tmp_path), 800),
        (read(tmp_path, AudioFiles(sample_rate=4000)), 400),
        (read(tmp_path, AudioFiles(sample_rate=4000), sample_rate=16000), 1600),
    ):
        assert [example["audio"].shape for example in dataset.splits["train"]] == [(length,)] * 2
        assert {example["audio"].dtype for example in dataset.splits["train"]} == {np.dtype(np.int16)}


def test_a_task_file_can_import_the_sources_at_once():
    code = (
        "import sys, seqtasks.metrics, seqtasks.data.tfds_audio, seqtasks.data.audio_files; "
        "import seqtasks.data.builtin.spoken_words; "
        "print(sorted({'tensorflow', 'keras', 'numpy', 'scipy', 'soundfile', 'jiwer'} & set(sys.modules)))"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"

from matplotlib.figure import Figure
from matplotlib.image import imread

from seqtasks.data.piano_roll import note_name, plot_piano_roll


def drawn(monkeypatch, path, *arguments, **options):
    """Returns the panel that goes into the picture."""
    figures, save = [], Figure.savefig

    def keep(figure, *args, **kwargs):
        figures.append(figure)
        save(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", keep)
    plot_piano_roll(path, *arguments, **options)
    return figures[0].axes[0]


def bars(panel):
    return sorted((bar.get_x(), bar.get_width(), round(bar.get_y() + bar.get_height() / 2)) for bar in panel.patches)


def test_held_notes_are_bars(tmp_path, monkeypatch):
    frames = [[60, 64], [60], [], [60]]
    panel = drawn(monkeypatch, tmp_path / "new" / "roll.png", frames, title="a $ of music", frames_per_quarter=2)
    assert bars(panel) == [(0, 0.5, 64), (0, 1, 60), (1.5, 0.5, 60)]
    assert panel.get_xlim() == (0, 2)
    assert [label.get_text() for label in panel.get_yticklabels()] == ["C4", "E4"]
    assert panel.get_title() == "a $ of music"
    picture = imread(tmp_path / "new" / "roll.png", format="png")
    assert picture.shape[0] > 150 < picture.shape[1]
    assert picture[..., :3].min() < 0.5
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["roll.png"]


def test_of_many_pitches_only_the_octaves_are_named(tmp_path, monkeypatch):
    panel = drawn(monkeypatch, tmp_path / "roll.png", [[pitch] for pitch in range(30, 70)])
    assert [label.get_text() for label in panel.get_yticklabels()] == ["C2", "C3", "C4"]


def test_silence(tmp_path, monkeypatch):
    for frames in ([], [[], []]):
        assert bars(drawn(monkeypatch, tmp_path / "roll.png", frames)) == []


def test_note_names():
    assert [note_name(pitch) for pitch in (0, 21, 60, 61, 69, 127)] == ["C-1", "A0", "C4", "C#4", "A4", "G9"]

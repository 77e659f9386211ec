"""Makes a folder of connected digits out of the free spoken digit data set.

    python benchmarks/connected_digits.py fsdd/recordings digits
    seqtasks run speech --data digits -s unit=word

Every sound is 2 to 7 recordings one after the other, of one speaker in half of the sounds and of any in the others,
with gaps of up to 0.4 s before, between and behind them, and white noise 20 to 40 dB below the speech over all. What is
tested comes from the recordings 0 to 4 of each speaker and digit alone, as the data set has it, what validates from 5
to 9, and what trains from all others. The same seed makes the same files.
"""

import argparse
import csv
import io
import re
from pathlib import Path

import numpy as np

from seqtasks.data.audio import read_audio, write_wav
from seqtasks.errors import DataError
from seqtasks.files import write_text

RATE = 8000
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
SIZES = {"train": 1500, "valid": 150, "test": 400}
LEAST, MOST = 2, 7
LONGEST_GAP = 0.4
NOISE = (20.0, 40.0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("recordings", type=Path, help="folder of DIGIT_SPEAKER_INDEX.wav")
    parser.add_argument("folder", type=Path, help="where to write")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()

    recordings = read_recordings(arguments.recordings)
    for number, (split, size) in enumerate(SIZES.items()):
        rng = np.random.default_rng([arguments.seed, number])
        rows = [("audio", "text")]
        for i in range(size):
            audio, text = connect(recordings[split], rng)
            rows.append((f"{split}/{i:04d}.wav", text))
            write_wav(arguments.folder / rows[-1][0], audio, RATE)
        table = io.StringIO(newline="")
        csv.writer(table, lineterminator="\n").writerows(rows)
        write_text(arguments.folder / f"{split}.csv", table.getvalue())
        print(f"{split}: {size} sounds, {sum(len(text.split()) for _, text in rows[1:])} digits", flush=True)


def read_recordings(folder: Path) -> dict[str, dict[str, list[tuple[str, np.ndarray]]]]:
    """Returns digits' names and samples by split and speaker.

    Args:
        folder: Where the recordings are.

    Raises:
        DataError: If there are none.
    """
    found: dict = {split: {} for split in SIZES}
    for file in sorted(folder.glob("*.wav")):
        match = re.fullmatch(r"(\d)_([^_]+)_(\d+)", file.stem)
        if match:
            digit, speaker, index = match.groups()
            split = "test" if int(index) < 5 else "valid" if int(index) < 10 else "train"
            found[split].setdefault(speaker, []).append((NAMES[int(digit)], read_audio(file, RATE)))
    if not all(found.values()):
        raise DataError("expected recordings named DIGIT_SPEAKER_INDEX.wav, of indices 0 to 49", folder)
    return found


def connect(speakers: dict[str, list], rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Returns some digits one after the other, float32 `[S]`, and their names.

    Args:
        speakers: Names and samples by speaker.
        rng: Chooses the digits, the gaps and the noise.
    """
    every = [recording for recordings in speakers.values() for recording in recordings]
    one = list(speakers.values())[int(rng.integers(len(speakers)))]
    pool = one if rng.uniform() < 0.5 else every
    chosen = [pool[int(i)] for i in rng.integers(len(pool), size=int(rng.integers(LEAST, MOST + 1)))]
    parts = [_gap(rng)]
    for _, audio in chosen:
        parts += [audio, _gap(rng)]
    joined = np.concatenate(parts)
    loudness = np.sqrt(np.mean(np.concatenate([audio for _, audio in chosen]) ** 2))
    noise = rng.standard_normal(len(joined)) * loudness * 10 ** (-rng.uniform(*NOISE) / 20)
    return np.clip(joined + noise, -1, 1).astype(np.float32), " ".join(name for name, _ in chosen)


def _gap(rng: np.random.Generator) -> np.ndarray:
    return np.zeros(round(rng.uniform(0, LONGEST_GAP) * RATE), np.float32)


if __name__ == "__main__":
    main()

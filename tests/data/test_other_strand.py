import numpy as np

from seqtasks.data.bases import reverse_complement
from seqtasks.data.gene_states import states_of
from seqtasks.data.other_strand import turned

ROWS = [("ACGTNNRAACG-ac", "NEEEIIEEENNeeN"), ("TTGAC", "NNNNN"), ("", ""), ("GATTACA", "eeeNEEE")]
OTHER = str.maketrans("EIei", "eiEI")


def batch_of(rows):
    width = max(len(text) for text, _ in rows) + 2
    mask = np.arange(width) < np.array([[len(text)] for text, _ in rows])
    bases, tags = np.zeros(mask.shape, np.int32), np.zeros(mask.shape, np.int32)
    for row, (text, labels) in enumerate(rows):
        bases[row, : len(text)] = list(text.encode())
        tags[row, : len(text)] = states_of(labels)
    return {"bases": bases, "tags": tags, "mask": mask, "rows": np.arange(len(rows))}


def test_chosen_rows_are_turned_with_their_states():
    chosen = [0, 2, 3]
    rows = [
        (reverse_complement(text), labels[::-1].translate(OTHER)) if row in chosen else (text, labels)
        for row, (text, labels) in enumerate(ROWS)
    ]
    found, expected = turned(batch_of(ROWS), np.isin(range(4), chosen)), batch_of(rows)
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        # A gene that is cut at both ends has no start to count from, and begins with a codon from either side.
        keep = np.ones(values.shape, bool)
        if name == "tags":
            keep[3] = False
        np.testing.assert_array_equal(found[name][keep], values[keep])


def test_turning_twice_changes_nothing():
    batch = batch_of(ROWS)
    again = turned(turned(batch, np.ones(4, bool)), np.ones(4, bool))
    for name, values in batch.items():
        np.testing.assert_array_equal(again[name], values)

import os
from pathlib import Path

import pytest
from hypothesis import settings

# The first example pays for lazy imports.
settings.register_profile("no_deadline", deadline=None)
settings.load_profile("no_deadline")


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora."""
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SEQTASKS_TEST_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("no real corpora: SEQTASKS_TEST_DATA is not set, and there is no ../shared/data")
    return folder

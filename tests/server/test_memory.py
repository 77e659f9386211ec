"""What a serving process does about its memory."""

import ctypes
import gc
import threading
import time

import pytest

from seqtasks.server import memory

MIB = 2**20


@pytest.fixture
def glibc():
    library = ctypes.CDLL(None)
    if not hasattr(library, "malloc_trim") or memory._resident() is None:
        pytest.skip("pages are given back with glibc on Linux only")
    library.malloc.restype, library.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    library.free.argtypes = [ctypes.c_void_p]
    return library


def leave_empty(glibc, mebibytes: int):
    """Leaves pages empty that glibc keeps: between them and the heap's end something is in use, which is returned."""
    blocks = [glibc.malloc(MIB // 16) for _ in range(16 * mebibytes)]  # too small to be mapped one by one
    for block in blocks:
        ctypes.memset(block, 1, MIB // 16)
    for block in blocks[:-1]:
        glibc.free(block)
    return blocks[-1]


@pytest.fixture
def before(glibc):
    """The process's size once nothing is left to give back."""
    memory.give_back_pages()
    return memory._resident()


def test_pages_left_empty_are_given_back(glibc, before):
    looks, ended = 0.05, threading.Event()
    keeper = threading.Thread(target=memory._keep_pages_few, args=(ended, looks, 16 * MIB))
    keeper.start()
    time.sleep(4 * looks)  # it has had its first look
    last = leave_empty(glibc, 64)
    try:
        end = time.monotonic() + 20
        while memory._resident() > before + 32 * MIB and time.monotonic() < end:
            time.sleep(looks)
        assert memory._resident() <= before + 32 * MIB
    finally:
        ended.set()
        keeper.join()
        glibc.free(last)


def test_without_the_keeper_they_stay(glibc, before):
    last = leave_empty(glibc, 64)
    assert memory._resident() > before + 48 * MIB
    glibc.free(last)


def test_a_serving_process_collects_little_garbage_until_it_ends():
    frozen, threads = gc.get_freeze_count(), threading.active_count()
    with memory.serving_process():
        assert gc.get_freeze_count() > 10_000
        assert "memory" in {thread.name for thread in threading.enumerate()}
    assert gc.get_freeze_count() == 0 <= frozen
    assert threading.active_count() == threads

"""Recurrent sequence models, from raw input to SavedModel.

Each verb of the command line is a function here:

    import seqtasks
    result = seqtasks.run("ner", data="tfds:conll2003")
    seqtasks.predict(result.folder, ["Ada Lovelace lived in London"])
"""

import importlib

_FUNCTIONS = {
    "run": "seqtasks.training.run",
    "cross_validate": "seqtasks.training.cross_validation",
    "evaluate": "seqtasks.training.evaluate",
    "list_tasks": "seqtasks.training.listing",
    "inspect": "seqtasks.training.inspection",
    "new_task": "seqtasks.training.new_task",
    "predict": "seqtasks.serving.predict",
    "generate": "seqtasks.serving.language",
    "score": "seqtasks.serving.scoring",
    "rescore": "seqtasks.serving.rescoring",
    "stream": "seqtasks.serving.streaming",
    "export": "seqtasks.serving.export",
    "export_all": "seqtasks.serving.export_all",
    "convert": "seqtasks.serving.formats",
    "serve": "seqtasks.serving.serve",
}

__all__ = [*_FUNCTIONS]


def __getattr__(name: str):
    # Imported when first used: they need TensorFlow, `import seqtasks` does not.
    if name not in _FUNCTIONS:
        raise AttributeError(f"module 'seqtasks' has no attribute {name!r}")
    function = getattr(importlib.import_module(_FUNCTIONS[name]), name)
    globals()[name] = function
    return function


def __dir__():
    return sorted([*globals(), *__all__])

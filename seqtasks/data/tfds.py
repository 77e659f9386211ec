"""Reads data sets of TensorFlow Datasets through their genuine builders."""

import contextlib
import os
import socket
import sys
import urllib.request

from seqtasks.data.dataset import TEST, TRAIN, VALIDATION, Dataset, counted
from seqtasks.errors import DataError, SeqtasksError, UsageError, did_you_mean
from seqtasks.task import TfdsFeatures

MOST_SHOWN = 20
_SPLITS = {"train": TRAIN, "validation": VALIDATION, "dev": VALIDATION, "valid": VALIDATION, "test": TEST}


def read(name: str, features: TfdsFeatures, options) -> Dataset:
    """Reads every labelled split of a builder.

    Args:
        name: `NAME[/CONFIG][:VERSION]`.
        features: Which features to read. See `seqtasks.data.tfds_features`.
        options: `seqtasks.data.sources.ReadOptions`; its `features` take precedence.

    Raises:
        UsageError: For an unknown builder or feature.
        DataError: If the data set is not there and cannot be prepared.
    """
    import tensorflow_datasets as tfds

    builder = open_builder(name, options.data_dir)
    source = f"tfds:{builder.info.full_name}"
    roles = _resolve(builder, features, options, source)
    paths = {
        role: feature.split("/") if feature not in builder.info.features else [feature]
        for role, feature in roles.items()
    }
    names = {role: _namer(builder, path) for role, path in paths.items()}
    # TFDS takes no part of a `Translation`, which has nothing but texts anyway.
    whole = type(builder.info.features) is not tfds.features.FeaturesDict
    decoding = None if whole else tfds.decode.PartialDecoding(_nested(paths.values()))
    config = tfds.ReadConfig(interleave_cycle_length=1, try_autocache=False)
    splits, notes = {}, []
    for split in builder.info.splits:
        role = _SPLITS.get(split)
        if role is None or role in splits:
            notes.append(f"split {split} of {source} is not used")
            continue
        examples, dropped = [], 0
        for values in _records(builder.as_dataset(split=split, decoders=decoding, read_config=config), paths):
            if not features.fits(values):
                raise UsageError(f"{source}: {features.needs}. Received: {roles}")
            example = features.example(values, names)
            dropped += example is None
            if example is not None:
                examples.append(example)
        if dropped:
            notes.append(f"dropped {counted(dropped, f'empty or unlabelled {split} example')}")
        if examples:
            splits[role] = examples
    features.finish(splits, options, source, notes)
    return Dataset(splits, source, notes)


def open_builder(name: str, data_dir: str | None = None):
    """Returns a prepared builder.

    Args:
        name: `NAME[/CONFIG][:VERSION]`.
        data_dir: Folder of prepared data sets; None means `TFDS_DATA_DIR`, then TFDS's own.

    Raises:
        UsageError: For an unknown builder.
        DataError: If the data set is not there and cannot be prepared.
    """
    try:
        import tensorflow_datasets as tfds
    except ImportError as error:
        raise SeqtasksError(f"tfds:{name} needs tensorflow-datasets: {error}") from error
    data_dir = data_dir or os.environ.get("TFDS_DATA_DIR") or None
    try:
        builder = tfds.builder(name, data_dir=data_dir)
    except tfds.core.registered.DatasetNotFoundError as error:
        bare = name.partition("/")[0].partition(":")[0]
        close = did_you_mean(bare, set(tfds.list_builders())).partition(" Known:")[0]
        raise UsageError(f"tfds:{name}: no such builder in tensorflow-datasets {tfds.__version__}.{close}") from error
    except Exception as error:
        bare, _, config = name.partition(":")[0].partition("/")
        known = tfds.builder_cls(bare).builder_configs
        hint = did_you_mean(config, known)
        hint = hint if len(known) <= MOST_SHOWN else hint.partition(" Known:")[0]
        reason = _first_line(error) if config in known else f"no such configuration among its {len(known)}.{hint}"
        raise UsageError(f"tfds:{name}: {reason}") from error
    if not builder.is_prepared():
        _prepare(builder, name)
    return builder


def _prepare(builder, name: str) -> None:
    missing = f"tfds:{name} is not prepared in {builder.data_dir}"
    remedy = "Give a folder that holds it with --data-dir or TFDS_DATA_DIR"
    if not builder.MANUAL_DOWNLOAD_INSTRUCTIONS and not _has_network():
        raise DataError(f"{missing}, and there is no network to download it from. {remedy}")
    try:
        # TFDS reports on standard output, which belongs to results.
        with contextlib.redirect_stdout(sys.stderr):
            builder.download_and_prepare()
    except Exception as error:
        raise DataError(
            f"{missing}, and preparing it failed: {_first_line(error)}. {remedy}; some builders need an optional "
            "package to prepare: conllu (Universal Dependencies), pydub (audio), ffmpeg (video)"
        ) from error


def _has_network() -> bool:
    """Tells at once what TFDS finds out after minutes of trying again."""
    if urllib.request.getproxies():
        return True  # names are resolved by the proxy
    try:
        socket.getaddrinfo("storage.googleapis.com", 443)
    except OSError:
        return False
    return True


def asked_roles(roles: dict, allowed, asked) -> dict:
    """Returns the feature of each role, with what the user asked for.

    Args:
        roles: The features that are usual.
        allowed: The roles there are.
        asked: The features asked for by role.

    Raises:
        UsageError: For a role that there is not.
    """
    for role, feature in asked.items():
        if role not in allowed:
            raise UsageError(f"--features {role}={feature}: unknown role {role!r}." + did_you_mean(role, allowed))
    return {**roles, **asked}


def check_features(roles: dict, known, source: str) -> None:
    """Refuses roles whose features a builder has not.

    Raises:
        UsageError: Naming the nearest.
    """
    for role, feature in roles.items():
        if feature not in known:
            raise UsageError(f"{source} has no feature {feature!r} for {role}." + did_you_mean(feature, known))


def _resolve(builder, features, options, source: str) -> dict[str, str]:
    roles = _supervised(builder, features.roles())
    roles |= {name: name for name in features.further if name in builder.info.features}
    roles = asked_roles(roles, {*features.roles(), *features.further}, options.features)
    known = list(_flatten(builder.info.features))
    for role, feature in roles.items():
        if feature is None:
            usage = f"name it with --features {features.usage}"
            raise UsageError(f"{source} does not say which feature is the {role}: {usage}. Known: {', '.join(known)}")
    check_features(roles, known, source)
    return roles


def _supervised(builder, roles: dict[str, str | None]) -> dict[str, str | None]:
    """Returns the roles, those without a feature as the builder's own supervised keys say, if it has any."""
    keys = builder.info.supervised_keys
    if None not in roles.values() or keys is None or len(keys) != len(roles):
        return roles
    return {role: feature or key for (role, feature), key in zip(roles.items(), keys, strict=True)}


def _flatten(features, prefix: str = ""):
    for name, feature in features.items():
        yield prefix + name
        if hasattr(feature, "items"):
            yield from _flatten(feature, f"{prefix}{name}/")


def _namer(builder, path: list[str]):
    """Returns the function from a label's integer to its name, or None where values are text."""
    import tensorflow_datasets as tfds

    feature = builder.info.features
    for key in path:
        feature = feature[key]
    if isinstance(feature, tfds.features.Sequence):
        feature = feature.feature
    if isinstance(feature, tfds.features.ClassLabel):
        known = feature.names
        return lambda value: known[int(value)]
    return None if feature.tf_dtype.name == "string" else (lambda value: str(int(value)))


def _nested(paths) -> dict:
    tree: dict = {}
    for path in paths:
        node = tree
        for key in path[:-1]:
            node = node.setdefault(key, {})
        node[path[-1]] = True
    return tree


def _records(dataset, paths: dict[str, list[str]]):
    """Yields values by role; whole batches are turned into Python values at once, which is faster."""
    for batch in dataset.ragged_batch(1024):
        columns = []
        for path in paths.values():
            column = batch
            for key in path:
                column = column[key]
            columns.append(column.to_list() if hasattr(column, "to_list") else column.numpy().tolist())
        for row in zip(*columns, strict=True):
            yield dict(zip(paths, row, strict=True))


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {(str(error).strip().splitlines() or [''])[0]}"

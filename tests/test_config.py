import dataclasses
import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqtasks.config import Config, parse_overrides
from seqtasks.errors import UsageError
from seqtasks.sections import Label, Recurrent, Tags, Text, Tokens, Training

TAGGING = Config(Tokens(), Tags(), Recurrent(), Training())
LABELLING = Config(Text(), Label(), Recurrent(), Training())


def fields(config):
    for section in ("inputs", "targets", "model", "training"):
        hints = typing.get_type_hints(type(getattr(config, section)), include_extras=True)
        for field in dataclasses.fields(getattr(config, section)):
            yield section, field.name, hints[field.name]


ALL_FIELDS = [(config, *field) for config in (TAGGING, LABELLING) for field in fields(config)]


def values_of(hint):
    """Strategy of a field's values."""
    if typing.get_origin(hint) is typing.Annotated:
        kind, allowed = typing.get_args(hint)
        return values_of(kind).filter(allowed.__contains__)
    if typing.get_origin(hint) is typing.Literal:
        return st.sampled_from(typing.get_args(hint))
    if typing.get_origin(hint) is tuple:
        return st.lists(st.text("abc-", min_size=1), max_size=3).map(tuple)
    return {
        bool: st.booleans(),
        int: st.integers(0, 10**9),
        float: st.floats(0, 1) | st.floats(-1e6, 1e6),
    }.get(hint, st.none() | st.text("abc./", min_size=1))


def as_text(value):
    return ",".join(value) if isinstance(value, tuple) else "none" if value is None else str(value)


@given(st.data())
def test_every_field_takes_its_values_and_their_text_and_no_other_field_changes(data):
    config, section, name, hint = data.draw(st.sampled_from(ALL_FIELDS))
    value = data.draw(values_of(hint))
    for given_value in (value, as_text(value)):
        changed = config.override({f"{section}.{name}": given_value})
        assert getattr(getattr(changed, section), name) == value
        assert type(getattr(getattr(changed, section), name)) is type(value)
        restored = dataclasses.replace(getattr(changed, section), **{name: getattr(getattr(config, section), name)})
        assert dataclasses.replace(changed, **{section: restored}) == config


@given(st.data())
def test_json_round_trip(data):
    config = data.draw(st.sampled_from([TAGGING, LABELLING]))
    for _ in range(data.draw(st.integers(0, 4))):
        section, name, hint = data.draw(st.sampled_from(list(fields(config))))
        config = config.override({f"{section}.{name}": data.draw(values_of(hint))})
    assert Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_field_of_one_section_needs_no_section():
    assert TAGGING.override({"units": "7", "epochs": 3, "characters": "no"}) == Config(
        Tokens(characters=False), Tags(), Recurrent(units=7), Training(epochs=3)
    )


@pytest.mark.parametrize(
    ("key", "hint"),
    [("model.unit", "'model.units'"), ("learning_rat", "'learning_rate'"), ("training.epoch", "'training.epochs'")],
)
def test_an_unknown_key_says_the_nearest(key, hint):
    with pytest.raises(UsageError, match=rf"unknown configuration key '{key}'\. Did you mean {hint}"):
        TAGGING.override({key: 1})


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("model.units", "many", r"model\.units must be a whole number\. Received: 'many'"),
        ("model.units", "1.5", "must be a whole number"),
        ("model.units", True, "must be a whole number"),
        ("training.learning_rate", "fast", "must be a number"),
        ("training.jit_compile", "perhaps", "must be true or false"),
        ("model.units", "0", "units must be at least 1. Received: 0"),
        ("training.validation_fraction", 1, "must be above 0 and below 1. Received: 1"),
        ("training.learning_rate", 1e999, "must be above 0. Received: inf"),
        ("training.seed", 2**32, "must be at least 0 and at most 4294967295"),
        ("model.cell", "lstn", r"must be one of rnn, .*peephole_lstm\. Received: 'lstn'"),
    ],
)
def test_a_wrong_value_is_refused(key, value, message):
    with pytest.raises(UsageError, match=message):
        TAGGING.override({key: value})


def test_settings_are_split_at_the_first_equals_sign():
    assert parse_overrides(["a=b=c", " x = 1 "]) == {"a": "b=c", "x": "1"}
    for bad in ("a", "=1"):
        with pytest.raises(UsageError, match="KEY=VALUE"):
            parse_overrides([bad])


@pytest.mark.parametrize("kind", [Tokens, Text, Tags, Label, Recurrent, Training, Config])
def test_every_field_is_documented(kind):
    for field in dataclasses.fields(kind):
        # What a section inherits, its base documents.
        assert any(f"\n        {field.name}: " in (base.__doc__ or "") for base in kind.__mro__)

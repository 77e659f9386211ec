"""Typed configuration: what a task file sets and `-s key=value` overrides.

Nothing here imports TensorFlow, so that listing tasks stays instant.
"""

import dataclasses
import json
import types
import typing
from dataclasses import dataclass
from typing import Any, Literal

from seqtasks.errors import UsageError, did_you_mean
from seqtasks.sections import Inputs, Recurrent, Targets, Training


@dataclass(frozen=True)
class Config:
    """Everything a run's numbers depend on, besides its data.

    Args:
        inputs: What goes in, one of `seqtasks.sections.Inputs`.
        targets: What comes out, one of `seqtasks.sections.Targets`.
        model: The network.
        training: How it is trained.
    """

    inputs: Inputs
    targets: Targets
    model: Recurrent
    training: Training

    def to_dict(self) -> dict:
        """Returns nested plain values, with the class of each section under `"type"`."""
        return {
            name: {"type": type(section).__name__, **dataclasses.asdict(section)} for name, section in self._sections()
        }

    @classmethod
    def from_dict(cls, values: dict) -> "Config":
        """Rebuilds what `to_dict` returned."""
        sections = {}
        for name, section in values.items():
            section = dict(section)
            kind = _SECTION_TYPES[section.pop("type")]
            hints = typing.get_type_hints(kind)
            sections[name] = kind(
                **{key: _coerce(value, hints[key], f"{name}.{key}") for key, value in section.items()}
            )
        return cls(**sections)

    def override(self, changes: dict[str, Any]) -> "Config":
        """Returns a configuration with some fields changed.

        Args:
            changes: Values by key; a key is `section.field`, or `field` alone where only one
                section has it. Values may be text, as on the command line.

        Raises:
            UsageError: For a key that does not exist, or a value of the wrong type or out of range.
        """
        changed: dict[str, dict[str, Any]] = {}
        for key, value in changes.items():
            section, field = self._locate(key)
            hint = typing.get_type_hints(type(getattr(self, section)))[field]
            changed.setdefault(section, {})[field] = _coerce(value, hint, key)
        return Config(
            **{name: dataclasses.replace(section, **changed.get(name, {})) for name, section in self._sections()}
        )

    def _sections(self):
        return [(field.name, getattr(self, field.name)) for field in dataclasses.fields(self)]

    def _locate(self, key: str) -> tuple[str, str]:
        full = [(name, field.name) for name, section in self._sections() for field in dataclasses.fields(section)]
        found = [pair for pair in full if key in (pair[1], ".".join(pair))]
        if len(found) == 1:
            return found[0]
        known = [".".join(pair) if "." in key else pair[1] for pair in full]
        raise UsageError(f"unknown configuration key {key!r}.{did_you_mean(key, known)}")


_SECTION_TYPES = {
    kind.__name__: kind for kind in (*typing.get_args(Inputs), *typing.get_args(Targets), Recurrent, Training)
}


_KINDS = {bool: "true or false", int: "a whole number", float: "a number"}


def parse_overrides(settings: typing.Iterable[str]) -> dict[str, str]:
    """Splits `KEY=VALUE` settings of the command line.

    Raises:
        UsageError: For a setting without `=`.
    """
    changes = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise UsageError(f"a setting is written KEY=VALUE. Received: {setting!r}")
        changes[key.strip()] = value.strip()
    return changes


def _coerce(value: Any, hint: Any, key: str) -> Any:
    """Reads `value` as the type `hint`, or says why it cannot be."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        if value is None or (isinstance(value, str) and value.lower() in ("none", "null", "")):
            return None
        return _coerce(value, next(a for a in arguments if a is not type(None)), key)
    if origin is Literal:
        found = [allowed for allowed in arguments if str(allowed) == str(value)]
        if not found:
            raise UsageError(f"{key} must be one of {', '.join(map(str, arguments))}. Received: {value!r}")
        return found[0]
    if origin is tuple:
        items = [part for part in value.split(",") if part] if isinstance(value, str) else value
        return tuple(_coerce(item, arguments[0], key) for item in items)
    if hint is bool:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if isinstance(value, bool):
            return value
        if str(value).lower() in words:
            return words[str(value).lower()]
    elif hint is str:
        return str(value)
    else:
        try:
            number = json.loads(value.replace("_", "")) if isinstance(value, str) else value
            if not isinstance(number, bool) and isinstance(number, (int, float)) and hint(number) == number:
                return hint(number)
        except ValueError:
            pass
    raise UsageError(f"{key} must be {_KINDS[hint]}. Received: {value!r}")

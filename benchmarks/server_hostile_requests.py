"""Requests that no client should send to a server's REST interface."""

import json
import random

MEGABYTE = 1 << 20
WORDS = ["Ada", "lived", "in", "London", "Zürich", "東京", "", " ", "\0", "<b>", "x" * 300, "ACGT" * 50, "😀", "1e309"]
NUMBERS = [0, 1, -1, 5.0, 1e38, -1e-45, float("inf"), -float("inf"), float("nan"), 2**31, 2**63, -(2**64), 10**400]


class RequestMaker:
    """Makes requests for a model, right and wrong.

    Args:
        path: The model's path.
        signatures: The inputs of its signatures, as its metadata has them.
        chance: Where randomness comes from.
        longest: Bytes of the longest text.
    """

    def __init__(self, path: str, signatures: dict, chance: random.Random, longest: int):
        self.path, self.predict, self.chance, self.longest = path, f"{path}:predict", chance, longest
        self._signatures = signatures
        self._kinds = {
            "random bytes": lambda: self.chance.randbytes(self._size()),
            "cut off": lambda: self._cut(self.valid(self._signature())),
            "damaged": lambda: self._damage(self.valid(self._signature())),
            "not UTF-8": self._not_utf8,
            "deep": self._deep,
            "odd numbers": lambda: self._request(lambda info: self.chance.choice(NUMBERS)),
            "wrong types": lambda: self._request(lambda info: self._anything(3)),
            "no rows": self._no_rows,
            "uneven columns": self._uneven,
            "long texts": lambda: self._request(self._long, rows=1),
            "long and short": self._long_and_short,
            "many rows": self._many_rows,
            "odd texts": lambda: self._request(lambda info: " ".join(self.chance.choices(WORDS, k=8))),
            "no base64": lambda: self._request(lambda info: {"b64": self._text()}),
        }

    def hostile(self) -> tuple[str, str, str, bytes]:
        """Returns a kind of request, its method, path and body."""
        kind = self.chance.choice([*self._kinds, "paths", "no HTTP"])
        if kind == "no HTTP":
            return kind, "", "", self._cut(f"POST {self.predict} HTTP/1.1\r\nHost: a\r\n\r\n".encode()) + self._noise()
        if kind == "paths":
            return kind, self.chance.choice(["GET", "POST", "PUT", "HEAD", "OPTIONS"]), self._path(), b"{}"
        return kind, "POST", self.predict, self._kinds[kind]()

    def valid(self, signature: str) -> bytes:
        """Returns a body that nothing is wrong with."""
        chance, self.chance = self.chance, random.Random(1)  # always the same
        try:
            return self._request(self._right, rows=2, signature=signature)
        finally:
            self.chance = chance

    def _signature(self) -> str:
        return self.chance.choice(sorted(self._signatures))

    def _request(self, value, rows: int | None = None, signature: str | None = None) -> bytes:
        """Returns a request whose values come from a function of what the metadata says of an input."""
        signature = signature or self._signature()
        inputs = self._signatures[signature]
        count = rows or self.chance.choice([1, 1, 2, 5])
        made = [{name: self._nested(info, value) for name, info in inputs.items()} for _ in range(count)]
        key = "instances"
        if rows is None and self.chance.random() < 0.5:
            key, made = "inputs", {name: [row[name] for row in made] for name in inputs}
        return json.dumps({"signature_name": signature, key: made}).encode()

    def _nested(self, info: dict, value, axis: int = 1):
        sizes = info["tensor_shape"].get("dim", [])
        if axis >= len(sizes):
            return value(info)
        size = int(sizes[axis]["size"])
        return [self._nested(info, value, axis + 1) for _ in range(3 if size == -1 else size)]

    def _right(self, info: dict):
        kind = info["dtype"]
        if kind == "DT_STRING":
            return "Ada lived in London ."
        return False if kind == "DT_BOOL" else 1.0 if kind in ("DT_FLOAT", "DT_DOUBLE") else 1

    def _long(self, info: dict, least: float = 0.0):
        if info["dtype"] != "DT_STRING":
            return self._right(info)
        size = int(self.longest ** self.chance.uniform(least, 1))
        unit = (self.chance.choice(WORDS) + self.chance.choice(["", " "])) or "a"
        return (unit * (size // len(unit.encode()) + 1))[:size]

    def _long_and_short(self) -> bytes:
        """Returns one long text, which all short ones beside it are padded to."""
        rows = self.chance.choice([2, 5, 50, 1000])
        values = iter([lambda info: self._long(info, 0.7), *[self._right] * rows])
        return self._rows(rows, lambda: next(values))

    def _many_rows(self) -> bytes:
        """Returns as many rows as there is room for, or so many of a certain length."""
        if self.chance.random() < 0.3:
            return self._rows(self.longest // 30, lambda: lambda info: "" if info["dtype"] == "DT_STRING" else 1)
        count = self.chance.choice([100, 1000, 2000, 3000])
        size = self.longest // count - 8

        def value(info):
            if info["dtype"] != "DT_STRING":
                return self._right(info)
            # All of them different: what stands there twice may be computed once.
            return "".join(self.chance.choices("abcdefgh ", k=max(size, 1)))

        return self._rows(count, lambda: value)

    def _rows(self, count: int, value) -> bytes:
        """Returns a request whose rows each get another function of what the metadata says of an input."""
        signature = self._signature()
        inputs = self._signatures[signature]
        made = []
        for _ in range(count):
            one = value()
            made.append({name: self._nested(info, one) for name, info in inputs.items()})
        columns = {name: [row[name] for row in made] for name in inputs}
        return json.dumps({"signature_name": signature, "inputs": columns}).encode()

    def _text(self) -> str:
        return "".join(self.chance.choices("QUJD=! \n\ud800é", k=self.chance.randrange(30)))

    def _anything(self, depth: int):
        chance = self.chance
        if depth and chance.random() < 0.5:
            inner = [self._anything(depth - 1) for _ in range(chance.randrange(4))]
            return inner if chance.random() < 0.5 else dict(zip(chance.choices(WORDS, k=9), inner, strict=False))
        return chance.choice([None, True, False, *WORDS, *NUMBERS, self._text()])

    def _no_rows(self) -> bytes:
        signature = self._signature()
        names, key = self._signatures[signature], self.chance.choice(["inputs", "instances"])
        value = self.chance.choice(
            [[], {}, {name: [] for name in names}, {name: [[]] for name in names}, [[]], [{}], ""]
        )
        return json.dumps({"signature_name": signature, key: value}).encode()

    def _uneven(self) -> bytes:
        signature = self._signature()
        inputs = {
            name: [self._nested(info, self._right) for _ in range(self.chance.choice([0, 1, 2, 3, 50]))]
            for name, info in self._signatures[signature].items()
        }
        return json.dumps({"signature_name": signature, "inputs": inputs}).encode()

    def _deep(self) -> bytes:
        depth = self.chance.choice([10, 65, 200, 900, 5_000, 100_000])
        opening, closing = self.chance.choice([(b"[", b"]"), (b'{"a":', b"}"), (b'[{"b64":', b"}]")])
        key = self.chance.choice([b"inputs", b"instances", b"signature_name"])
        return b'{"%s": %s}' % (key, opening * depth + b"1" + closing * depth)

    def _not_utf8(self) -> bytes:
        body = bytearray(self.valid(self._signature()))
        place = body.rindex(b'"') if self.chance.random() < 0.5 else self.chance.randrange(len(body))
        body[place:place] = self.chance.choice([b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf0\x9f", b"\\ud800"])
        return bytes(body)

    def _cut(self, body: bytes) -> bytes:
        return body[: self.chance.randrange(len(body))]

    def _damage(self, body: bytes) -> bytes:
        damaged = bytearray(body)
        for _ in range(self.chance.choice([1, 1, 2, 8])):
            place = self.chance.randrange(len(damaged) + 1)
            damaged[place : place + self.chance.choice([0, 1, 4])] = self.chance.randbytes(
                self.chance.choice([0, 1, 4])
            )
        return bytes(damaged)

    def _size(self) -> int:
        return int(MEGABYTE ** self.chance.random())

    def _noise(self) -> bytes:
        return self.chance.randbytes(int(10_000 ** self.chance.random()))

    def _path(self) -> str:
        parts = [self.path, "/v1/models", "/versions/", "/labels/", ":predict", "/metadata", "/", "1", "9" * 40, "%00"]
        parts += ["%", "..", "//", "%C3%A9", "%ff", "x" * 5000, ":", "?a=b", "/monitoring", ":classify"]
        return "/" + "".join(self.chance.choices(parts, k=self.chance.randrange(5))).lstrip("/")

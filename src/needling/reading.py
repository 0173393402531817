"""Files in: YAML 1.2 to checked documents, with errors that name file, line, value and what is allowed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from needling.errors import BadInput, NeedlingError, did_you_mean

Model = TypeVar("Model", bound=BaseModel)
Loc = Sequence[int | str]

_MAX_BYTES = 2_000_000
_MAX_DEPTH = 40
_MAX_NODES = 200_000


class Problem(NamedTuple):
    """One thing wrong in a document: where (path of keys and indices) and what is allowed."""

    loc: tuple[int | str, ...]
    message: str


class YamlText:
    """A parsed YAML file or a part of one: its plain data, and the line of every key in it."""

    def __init__(self, data: Any, node: Any, name: str) -> None:
        self.data = data
        self.name = name
        self._node = node

    def part(self, index: int) -> YamlText:
        """One entry of a file that is a list."""
        return YamlText(self.data[index], self._node.value[index], self.name)

    def line(self, loc: Loc = ()) -> int:
        """1-based line of the deepest part of the path that exists in the file."""
        node = self._node
        line = node.start_mark.line + 1 if node is not None else 1
        for part in loc:
            children = node.value if node is not None and node.id in ("mapping", "sequence") else []
            if children and node.id == "mapping":
                named = [pair for pair in children if pair[0].value == str(part)]
                # A list of facts may be written as a mapping: its n-th entry is then the n-th key.
                found = named or (children[part : part + 1] if isinstance(part, int) else [])
                if not found:
                    continue
                line, node = found[0][0].start_mark.line + 1, found[0][1]
            elif children and isinstance(part, int) and part < len(children):
                node = children[part]
                line = node.start_mark.line + 1
            else:
                break
        return int(line)

    def where(self, loc: Loc) -> str:
        """``file:line: path``, as every error message begins."""
        path = ".".join(str(part) for part in loc)
        return f"{self.name}:{self.line(loc)}: {path}" if path else f"{self.name}:{self.line(loc)}"


class _Plain:
    """Nodes to plain Python values: words, numbers, yes and no, lists and mappings; dates stay text."""

    def __init__(self, constructor: Any, name: str, error: type[NeedlingError]) -> None:
        self._construct = constructor.construct_object
        self._name, self._error = name, error
        self._left = _MAX_NODES

    def refuse(self, node: Any, message: str) -> NeedlingError:
        """An error that names the node's line."""
        return self._error(f"{self._name}:{node.start_mark.line + 1}: {message}")

    def value(self, node: Any, depth: int = 0) -> Any:
        """The value of a node. Aliases count each time, so that no file can blow itself up."""
        self._left -= 1
        if depth > _MAX_DEPTH:
            raise self.refuse(node, f"nested deeper than {_MAX_DEPTH} levels")
        if self._left < 0:
            raise self.refuse(node, f"more than {_MAX_NODES} values; a document holds a few hundred")
        if node.id == "sequence":
            return [self.value(child, depth + 1) for child in node.value]
        if node.id == "mapping":
            return self._mapping(node, depth)
        if node.tag.endswith((":int", ":float", ":bool", ":null")):
            try:
                return self._construct(node)
            except ValueError:
                raise self.refuse(node, f"'{node.value}' cannot be read") from None
        if node.tag.endswith((":str", ":timestamp")):
            return str(node.value)
        raise self.refuse(node, f"'{node.tag}' cannot stand here")

    def _mapping(self, node: Any, depth: int) -> dict[str, Any]:
        plain: dict[str, Any] = {}
        for key, child in node.value:
            if key.id != "scalar":
                raise self.refuse(key, "a key must be a word")
            if key.value in plain:
                raise self.refuse(key, f"duplicate key '{key.value}'; keep one of the two")
            plain[str(key.value)] = self.value(child, depth + 1)
        return plain


def parse_yaml(text: str, name: str, error: type[NeedlingError] = BadInput) -> YamlText:
    """YAML 1.2 text to data with line numbers. Raises ``error`` for broken YAML and duplicate keys."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    parser = YAML(typ="safe")  # with libyaml where it is installed, ten times faster than without
    try:
        node = parser.compose(text)
    except MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        line = mark.line + 1 if mark is not None else 1
        problem = (broken.problem or broken.context or "cannot be read").split("\n")[0]
        raise error(f"{name}:{line}: this is not valid YAML: {problem}; mend the line or the one before it") from None
    except RecursionError:
        raise error(f"{name}: nested deeper than {_MAX_DEPTH} levels; no document needs that") from None
    except (
        YAMLError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        AssertionError,
        NotImplementedError,
    ) as broken:
        first = str(broken).split("\n")[0] or type(broken).__name__
        raise error(f"{name}: this is not valid YAML: {first}") from None
    if node is None:
        return YamlText(None, None, name)
    return YamlText(_Plain(parser.constructor, name, error).value(node), node, name)


def read_text(path: Path, error: type[NeedlingError] = BadInput) -> str:
    """A text file, or one clear error: missing, a folder, too large, not UTF-8, not readable."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise error(f"{path}: larger than {_MAX_BYTES // 1_000_000} MB; a document is a few kB")
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        near = [other.name for other in path.parent.glob("*")] if path.parent.is_dir() else []
        raise error(f"{path}: no such file{did_you_mean(path.name, near)}") from None
    except IsADirectoryError:
        raise error(f"{path}: this is a folder; name a file in it") from None
    except UnicodeDecodeError as broken:
        raise error(f"{path}: not a UTF-8 text file (byte {broken.start}); save it as UTF-8") from None
    except OSError as broken:
        raise error(f"{path}: cannot be read: {broken.strerror or broken}") from None


def _allowed_keys(model: Any, loc: Loc) -> list[str]:
    """Field names of the model that the path leads to: for "did you mean" on unknown keys."""
    from typing import get_args

    current: Any = model
    for part in loc:
        if isinstance(part, int):
            continue
        fields = getattr(current, "model_fields", None)
        if not fields or part not in fields:
            continue
        annotation = fields[part].annotation
        options = [annotation]
        found = None
        while options and found is None:
            option = options.pop()
            if isinstance(option, type) and issubclass(option, BaseModel):
                found = option
            options.extend(get_args(option))
        current = found
    return list(getattr(current, "model_fields", {}) or {})


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _within(loc: Loc, outer: Loc) -> bool:
    return len(loc) > len(outer) and loc[: len(outer)] == outer


def explain_errors(invalid: ValidationError, text: YamlText, model: Any) -> str:
    """pydantic's findings as lines of ``file:line: path: what is wrong; what is allowed``."""
    lines = []
    every = invalid.errors(include_url=False)
    for found in every[:12]:
        if found["type"] == "too_short" and any(_within(other["loc"], found["loc"]) for other in every):
            continue  # what was wrong inside was left out, and so the list is too short: said once
        loc = tuple(part for part in found["loc"] if not (isinstance(part, str) and "[" in part))
        where = text.where(loc)
        if found["type"] == "extra_forbidden":
            allowed = _allowed_keys(model, loc[:-1])
            hint = did_you_mean(str(loc[-1]), allowed)
            lines.append(f"{where}: unknown key '{loc[-1]}'{hint}; allowed: {', '.join(allowed)}")
        elif found["type"] == "missing":
            lines.append(f"{where}: '{loc[-1]}' is missing")
        elif found["type"] == "value_error":
            lines.append(f"{where}: {found['msg'].removeprefix('Value error, ')}")
        else:
            message = found["msg"][0].lower() + found["msg"][1:]
            lines.append(f"{where}: got {_short(found['input'])}; {message}")
    more = invalid.error_count() - len(lines)
    if more > 0:
        lines.append(f"... and {more} more")
    return "\n".join(dict.fromkeys(lines))


def validate(
    text: YamlText,
    model: type[Model],
    *,
    error: type[NeedlingError] = BadInput,
    check: Callable[[Model], Sequence[Problem]] | None = None,
) -> Model:
    """Parsed text to a document; ``check`` adds findings that need more than the document itself."""
    if not isinstance(text.data, dict):
        raise error(
            f"{text.name}:1: expected keys and values ({', '.join(model.model_fields)}), got {_short(text.data)}"
        )
    try:
        document = TypeAdapter(model).validate_python(text.data)
    except ValidationError as invalid:
        raise error(explain_errors(invalid, text, model)) from None
    problems = check(document) if check else ()
    if problems:
        raise error("\n".join(f"{text.where(problem.loc)}: {problem.message}" for problem in problems[:12]))
    return document


def read(
    path: Path,
    model: type[Model],
    *,
    error: type[NeedlingError] = BadInput,
    check: Callable[[Model], Sequence[Problem]] | None = None,
) -> Model:
    """One YAML or JSON file to a checked document (JSON is YAML 1.2). Raises ``error``."""
    return validate(parse_yaml(read_text(path, error), str(path), error), model, error=error, check=check)

"""How configurations are laid on top of each other; what is merged how follows from the types of the model.

* A section (a class of the model) is merged key by key; one that is null takes what is below it.
* A mapping of named things (``networks``, ``gbi.toy.stress``, ``figures.rc``, ...) extends what is below it; an entry
  that is null is dropped, one that is a section is merged, and another ``arch`` begins a new network.
* ``replace: true`` in either drops all that is below it.
* Every other value, a list too, takes the place of the one below it.
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from whichtask.config.kinds import Kind
from whichtask.errors import WhichtaskError

REPLACE = "replace"


class Layers:
    """A configuration of plain values that grows layer by layer.

    Args:
        model: what says which keys are sections and which are mappings of named things.
        content: the lowest layer.
    """

    def __init__(self, model: type[BaseModel], content: Mapping[str, Any]):
        self.content = content
        self._model = model
        self._set_by: dict[tuple[str, ...], str] = {}

    def add(self, layer: Mapping[str, Any], source: str) -> None:
        """Lay a configuration on top; ``source`` names it in errors.

        Raises:
            WhichtaskError: a key has another kind of value than in an earlier layer, or ``replace`` is no truth value.
        """
        self.content = self._merged(Kind.of(self._model), self.content, layer, (), source)

    def _merged(
        self, kind: Kind, below: Mapping[str, Any], above: Mapping[str, Any], at: tuple[str, ...], source: str
    ) -> Mapping[str, Any]:
        replace = above.get(REPLACE, False)
        if not isinstance(replace, bool):
            raise WhichtaskError(f"{'.'.join((*at, REPLACE))} in {source} must be true or false, not {replace!r}")
        if kind.tag:
            chosen = above.get(kind.tag, below.get(kind.tag))
            replace |= chosen != below.get(kind.tag)
            kind = kind.by_tag.get(str(chosen), Kind())
        merged = {} if replace else dict(below)
        for key, value in above.items():
            inner = kind.of_key(key)
            if value is None and kind.entries is not None:
                merged.pop(key, None)
            elif key != REPLACE and not (value is None and inner.is_mapping):
                merged[key] = self._value(inner, merged.get(key), value, (*at, str(key)), source)
        return merged

    def _value(self, kind: Kind, below: Any, above: Any, at: tuple[str, ...], source: str) -> Any:
        earlier = self._set_by.get(at)
        if earlier and below is not None and above is not None and _shape(below) != _shape(above):
            raise WhichtaskError(
                f"{'.'.join(at)} is {_shape(below)} in {earlier} and {_shape(above)} in {source}: "
                "all files must give it the same kind of value"
            )
        self._set_by[at] = source
        if kind.is_mapping and isinstance(above, Mapping):
            return self._merged(kind, below if isinstance(below, Mapping) else {}, above, at, source)
        return above


def _shape(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a mapping"
    return "a list" if isinstance(value, list | tuple) else "a single value"

"""What the type of a key says: a section, one of several sections, a mapping of named things, or a plain value."""

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, Self, Union, get_args, get_origin

from pydantic import BaseModel


class Kind(NamedTuple):
    """The kind of a key's value."""

    sections: tuple[type[BaseModel], ...] = ()
    """The classes that it may be, one for a section."""
    tag: str | None = None
    """The key that tells several classes apart."""
    entries: Any = None
    """Type of the values, for a mapping of named things."""

    @classmethod
    def of(cls, annotation: Any) -> Self:
        """Return the kind of an annotation."""
        if get_origin(annotation) is Annotated:
            bare, *extras = get_args(annotation)
            tag = next((extra.discriminator for extra in extras if getattr(extra, "discriminator", None)), None)
            return cls(get_args(bare), tag) if tag else cls.of(bare)
        if get_origin(annotation) is dict:
            return cls(entries=get_args(annotation)[1])
        if get_origin(annotation) in (Union, UnionType):
            parts = [part for part in get_args(annotation) if part is not NoneType]
            return cls.of(parts[0]) if len(parts) == 1 else cls()
        return cls((annotation,)) if isinstance(annotation, type) and issubclass(annotation, BaseModel) else cls()

    @property
    def is_mapping(self) -> bool:
        """Whether it is a section or a mapping of named things."""
        return bool(self.sections) or self.entries is not None

    @property
    def by_tag(self) -> Mapping[str | int, "Kind"]:
        """The single sections by their tags; empty where no tag is needed."""
        if self.tag is None:
            return {}
        return {section.model_fields[self.tag].default: Kind((section,)) for section in self.sections}

    @property
    def keys(self) -> list[str]:
        """The keys of a section."""
        return list(self.sections[0].model_fields) if len(self.sections) == 1 else []

    def of_key(self, key: Any) -> "Kind":
        """Return the kind of one key."""
        if self.entries is not None:
            return Kind.of(self.entries)
        return Kind.of(self.sections[0].model_fields[key].annotation) if key in self.keys else Kind()

"""How fields, their types and packages are called in Java."""

import re

from schemas.typings.model import Field, Many, Named, Type

_PACKAGE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_KEYWORDS = """
abstract assert boolean break byte case catch char class const continue default do double else enum extends final
finally float for goto if implements import instanceof int interface long native new package private protected public
return short static strictfp super switch synchronized this throw throws transient try void volatile while true false
null
"""
_METHODS = "clone finalize getClass hashCode notify notifyAll toString wait builder fields eventType topicName"
_KEPT = frozenset(f"{_KEYWORDS} {_METHODS}".split())
"""Names that no field can have: those of the language, of every object, and of what is rendered beside fields."""
_SCALARS = {
    "string": ("String", "String"),
    "boolean": ("boolean", "Boolean"),
    "int": ("int", "Integer"),
    "long": ("long", "Long"),
    "double": ("double", "Double"),
    "instant": ("Instant", "Instant"),
}
"""The type of what is always there, and of what may be null."""


def check_package(name: str) -> None:
    """Raise ValueError for what is no name of a package."""
    if not _PACKAGE.fullmatch(name) or _KEPT & set(name.split(".")):
        raise ValueError(f"{name!r} is no name of a Java package, such as com.example.cx")


def name_of(field: str) -> str:
    """Return a field's name in Java: `response_id` is `responseId`. Raises ValueError for one that Java keeps."""
    first, *others = field.split("_")
    name = first + "".join(part.capitalize() for part in others)
    if name in _KEPT:
        raise ValueError(f"{name} cannot be the name of a field in Java")
    return name


def declared(field: Field) -> str:
    return f"{type_of(field.type, boxed=field.may_be_null)} {name_of(field.name)}"


def type_of(found: Type, *, boxed: bool) -> str:
    match found:
        case Named():
            return found.name
        case Many(of=of, is_map=True):
            return f"Map<String, {type_of(of, boxed=True)}>"
        case Many(of=of):
            return f"List<{type_of(of, boxed=True)}>"
        case _:
            return _SCALARS[found][boxed]


def is_primitive(found: Type) -> bool:
    return isinstance(found, str) and _SCALARS[found][0] != _SCALARS[found][1]

"""The builder of a Java record: records have no defaults of their own, and some have thirty fields."""

import json

import msgspec

from schemas.typings.java_names import declared, name_of, type_of
from schemas.typings.model import Field, Many, Named, Record
from schemas.typings.prose import commented


def builder(record: Record) -> str:
    kept = "".join(
        f"        private {type_of(each.type, boxed=True)} {name_of(each.name)}{_initial(each)};\n"
        for each in record.fields
    )
    setters = "".join(
        f"\n{commented(each.doc, '        ')}        public Builder {name_of(each.name)}({declared(each)}) {{\n"
        f"            this.{name_of(each.name)} = {name_of(each.name)};\n            return this;\n        }}\n"
        for each in record.fields
    )
    given = ",\n".join(f"                    {_given(each)}" for each in record.fields)
    return (
        "    /** Begin one; fields with a default may be left out. */\n"
        "    public static Builder builder() { return new Builder(); }\n\n"
        f"    public static final class Builder {{\n{kept}{setters}\n"
        "        /** Return it; throws NullPointerException naming a field that is missing. */\n"
        f"        public {record.name} build() {{\n            return new {record.name}(\n{given}\n            );\n"
        "        }\n    }\n"
    )


def _given(field: Field) -> str:
    name = name_of(field.name)
    needs = field.is_required and not field.may_be_null
    return f'Objects.requireNonNull({name}, "{field.name}")' if needs else name


def _initial(field: Field) -> str:
    """Render the default as the first value of a builder's field."""
    value = field.default
    if value is msgspec.UNSET or value is None:
        return ""
    match field.type:
        case Named(name=name, is_enum=True):
            return f" = {name}.{value}"
        case Many(is_map=is_map):
            return f" = {'Map' if is_map else 'List'}.of()"
        case "long":
            return f" = {value}L"
        case "double":
            return f" = {float(value)}"
        case _:
            return f" = {json.dumps(value)}"

"""The shipped models of health as a SQL value: views read them beside those that were set, which are rows."""

from collections.abc import Iterable

from sinks import sql
from streams.core.health.model import Component, Variant
from streams.core.health.shipped import SHIPPED_VARIANTS


def literal() -> str:
    """Return an array of tuples, one for each shipped variant."""
    return _array(_variant(each) for each in SHIPPED_VARIANTS)


def _variant(variant: Variant) -> str:
    return _tuple(
        sql.text(variant.model_id),
        sql.text(variant.variant_id),
        sql.text(variant.version),
        str(variant.position),
        _array(map(sql.text, variant.segments)),
        str(variant.from_month),
        str(variant.until_month),
        str(variant.minimum_coverage),
        _array(_tuple(str(band.up_to), sql.text(band.name)) for band in variant.bands),
        sql.text(variant.bands_version),
        _array(map(_component, variant.components)),
    )


def _component(component: Component) -> str:
    return _tuple(
        sql.text(component.name),
        sql.text(component.signal),
        str(component.weight),
        _array(_tuple(repr(float(start)), str(value)) for start, value in component.points),
        str(int(component.is_linear)),
        str(component.max_age_days),
        str(int(component.is_fading)),
    )


def _array(parts: Iterable[str]) -> str:
    return f"[{', '.join(parts)}]"


def _tuple(*parts: str) -> str:
    return f"({', '.join(parts)})"

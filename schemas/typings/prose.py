"""What schemas say of types and fields, as the comments of other languages."""

import textwrap

WIDTH = 120


def commented(doc: str, indent: str = "") -> str:
    """Return a text as a documentation comment, /** like this */, over several lines where one is too short."""
    text = " ".join(doc.split()).replace("*/", "* /")
    line = f"{indent}/** {text} */\n"
    if len(line) <= WIDTH:
        return line
    lines = textwrap.wrap(text, WIDTH - len(indent) - len(" * "))
    return f"{indent}/**\n" + "".join(f"{indent} * {each}\n" for each in lines) + f"{indent} */\n"

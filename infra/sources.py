"""The sources file: which installations of which vendors there are, how each is verified, sealed, paced and translated.

CX_SOURCES names a YAML file. Secrets and keys stand in it by reference alone, so that it can lie beside the code:

    stripe:                                   # the vendor
      main:                                   # this installation of it; events say stripe:main
        secrets: [env:STRIPE_SECRET, file:/run/secrets/stripe_before]   # any of them; two while one is being changed
        body_keys: [file:stripe_main.key]     # 32 bytes in base64; the first closes, all open
        rate: 200                             # deliveries a second, before 429
        accounts: {metadata_key: account}     # which account of ours a customer is
        options: {}                           # the vendor's own
    events:                                   # who posts events of the contract to /v1/events
      shop: {secrets: [env:SHOP_TOKEN], options: {source: "shop:main"}}

A relative path is one beside the file. Everything that is wrong is reported together, and no value is repeated.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from infra.secret import Secret
from infra.settings import PREFIX
from streams.ingest.loading import LoadError, load_yaml
from streams.ingest.raw import KEY_BYTES, BodyKeys
from streams.ingest.values import plain
from streams.ingest.vendors.model import AccountRules, Instance

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Vendor = Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,39}$")]
Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,62}$")]
Reference = Annotated[str, Meta(pattern="^(env|file):.", max_length=4096)]


EVENTS = "events"
"""The vendor under which those stand who post events of the contract; they need no key, for nothing is stored raw."""


class SourcesError(Exception):
    """The sources file describes nothing that could run; `problems` has a sentence for each thing wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One installation as the file has it: `rate` in deliveries a second, the rest as this module's text says."""

    body_keys: Annotated[list[Reference], Meta(max_length=16)] = []
    secrets: Annotated[list[Reference], Meta(max_length=16)] = []
    rate: Annotated[float, Meta(gt=0, le=100_000)] = 100.0
    accounts: AccountRules = AccountRules()
    options: dict[str, Any] = {}


class _Options(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: Annotated[str, Meta(max_length=256)] = ""


Instances = dict[Vendor, dict[Name, Described]]


class Sender(NamedTuple):
    """One sender of events of the contract itself, under the vendor `events`: `source` is in all of its events."""

    name: str
    source: str
    secrets: tuple[Secret, ...]
    rate: float


class Source(NamedTuple):
    """One installation, its references followed. `secrets` are texts as the vendor shows them."""

    instance: Instance
    secrets: tuple[Secret, ...]
    keys: BodyKeys
    rate: float


def vendors(path: str) -> list[str]:
    """Return the vendors that the file has, none for no file; follows no reference. Raises SourcesError."""
    return sorted(_described(Path(path)).keys() - {EVENTS}) if path else []


def senders(path: str, environment: Mapping[str, str]) -> list[Sender]:
    """Return who may post events of the contract; raises SourcesError."""
    file, problems, found = Path(path), list[str](), list[Sender]()
    for name, described in _described(file).get(EVENTS, {}).items():
        follow = _Follower(file.parent, environment, f"{EVENTS}.{name}", problems)
        try:
            source = msgspec.convert(described.options, _Options).source or f"{EVENTS}:{name}"
        except msgspec.ValidationError as error:
            problems.append(f"{EVENTS}.{name}.options: {error}.")
            continue
        found.append(Sender(name, source, tuple(follow.secrets(described.secrets)), described.rate))
    if problems:
        raise SourcesError([f"{file}: {problem}" for problem in problems])
    return found


def load(path: str, environment: Mapping[str, str], *, with_secrets: bool) -> list[Source]:
    """Return every installation of the file; raises SourcesError.

    Who only opens what was stored needs no `with_secrets`, and so none of them has to be there.
    """
    if not path:
        raise SourcesError([f"{PREFIX}SOURCES names no file: without one there is no source (docs/receiving.md)."])
    file, problems, sources = Path(path), list[str](), list[Source]()
    owners: dict[bytes, str] = {}
    for vendor, names in _described(file).items():
        for name, described in names.items() if vendor != EVENTS else ():
            place = f"{vendor}.{name}"
            if not described.body_keys:
                problems.append(f"{place}.body_keys: there is none, and bodies are stored closed or not at all.")
                continue
            follow = _Follower(file.parent, environment, place, problems)
            keys = list(follow.keys(described.body_keys))
            problems += [
                f"{place}.body_keys: {owners[key]} has one of them too; each has keys of its own, to erase it alone."
                for key in keys
                if owners.setdefault(key, place) != place
            ]
            secrets = tuple(follow.secrets(described.secrets)) if with_secrets else ()
            if len(keys) == len(described.body_keys):
                instance = Instance(vendor, name, described.accounts, described.options)
                sources.append(Source(instance, secrets, BodyKeys(keys), described.rate))
    if problems:
        raise SourcesError([f"{file}: {problem}" for problem in problems])
    return sources


def _described(file: Path) -> Instances:
    try:
        return msgspec.convert(plain(load_yaml(file.read_text(encoding="utf-8"))), Instances)
    except OSError as error:
        raise SourcesError([f"{file} cannot be read: {error.strerror}."]) from None
    except (UnicodeDecodeError, LoadError, msgspec.ValidationError) as error:
        hint = " Name secrets as env:NAME or file:PATH." if "(env|file)" in str(error) else ""
        raise SourcesError([f"{file}: {error}.{hint}"]) from None


class _Follower:
    """Follows the references of one installation and notes what is wrong with them."""

    def __init__(self, folder: Path, environment: Mapping[str, str], place: str, problems: list[str]) -> None:
        self._folder, self._environment, self._place, self._problems = folder, environment, place, problems

    def secrets(self, references: Sequence[str]) -> Iterator[Secret]:
        for text in self._texts("secrets", references):
            yield Secret(text)

    def keys(self, references: Sequence[str]) -> Iterator[bytes]:
        for text in self._texts("body_keys", references):
            try:
                key = base64.b64decode(text, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if len(key) == KEY_BYTES:
                yield key
            else:
                self._note("body_keys", f"a key is {KEY_BYTES} bytes in base64, as `openssl rand -base64 32` prints")

    def _texts(self, field: str, references: Sequence[str]) -> Iterator[str]:
        for reference in references:
            kind, _, name = reference.partition(":")
            text = self._of_file(field, name) if kind == "file" else self._of_environment(field, name)
            if text:
                yield text
            elif text is not None:
                self._note(field, f"{reference} is empty")

    def _of_environment(self, field: str, name: str) -> str | None:
        if name.startswith(PREFIX):
            self._note(field, f"env:{name}: names that begin with {PREFIX} are settings'; take another")
            return None
        if name not in self._environment:
            self._note(field, f"env:{name} is not set")
        return self._environment.get(name)

    def _of_file(self, field: str, name: str) -> str | None:
        try:
            return (self._folder / name).read_text(encoding="utf-8").strip("\r\n")
        except OSError as error:
            self._note(field, f"file:{name} cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            self._note(field, f"file:{name} is no text")
        return None

    def _note(self, field: str, sentence: str) -> None:
        self._problems.append(f"{self._place}.{field}: {sentence}.")

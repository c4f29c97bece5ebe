"""Pages of sources, followed to the letter: what they print has to be taken by the receiver and understood."""

import json
import os
import re
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infra.sources import Instances
from streams.core.events import EVENT_TYPES
from streams.ingest.loading import load_yaml
from streams.ingest.raw import Raw
from streams.ingest.values import plain
from streams.ingest.vendors.model import Instance, Translation
from streams.ingest.vendors.registry import TRANSLATORS
from streams.receive.hooks import HOOKS
from streams.receive.signatures import Delivery
from tests.support.source_pages import OURS, TRIED, blocks, command, page, secret
from tests.support.vendors import delivery

CURL = '#!/bin/sh\nfor argument; do printf "%s\\0" "$argument"; done > "$TOLD"\n'


def installation(vendor: str) -> Instance:
    """The installation that a page describes, read as the sources file is."""
    (described,) = blocks(vendor, "yaml")
    ((found, names),) = msgspec.convert(plain(load_yaml(described)), Instances).items()
    ((name, told),) = names.items()
    assert (found, len(told.secrets)) == (vendor, 1)
    return Instance(vendor, name, told.accounts, told.options)


def sent(vendor: str, folder: Path) -> tuple[Raw, str]:
    """What the page's own command would send, and the secret that it signs with."""
    curl = folder / "curl"
    curl.write_text(CURL, "utf-8")
    curl.chmod(0o700)
    environment = {"PATH": f"{folder}:{os.environ['PATH']}", "TOLD": str(folder / "told")}
    subprocess.run(["bash", "-euc", command(vendor)], check=True, env=environment)
    arguments = (folder / "told").read_text("utf-8").split("\0")
    assert f"http://127.0.0.1:8480/hooks/{vendor}/main" in arguments
    pairs = list(pairwise(arguments))
    headers = dict(value.split(": ", 1) for flag, value in pairs if flag == "-H")
    (body,) = (value for flag, value in pairs if flag in ("-d", "--data-binary"))
    raw = Raw("main", "d-1", 0, {name.lower(): value for name, value in headers.items()}, body.encode())
    return raw, secret(vendor)[1]


@pytest.mark.parametrize("vendor", TRIED)
def test_what_a_page_sends_is_verified_and_understood(vendor: str, tmp_path: Path) -> None:
    """Whoever follows a page and gets a 401, or a dead letter, trusts none of it."""
    raw, signed_with = sent(vendor, tmp_path)
    hook = HOOKS[vendor]
    signed = Delivery({name: [value] for name, value in raw.headers.items()}, raw.body)
    hook.scheme(signed, [hook.key_of(signed_with)], time.time())
    assert raw.headers["content-type"] in hook.media_types
    found = TRANSLATORS[vendor](delivery(raw.body), installation(vendor))
    *_, event = found.events
    assert (event.fields["account_id"], event.fields["is_test"], found.unmapped) == ("acme", True, ())


@pytest.mark.parametrize("vendor", OURS)
def test_options_of_a_page_are_options(vendor: str) -> None:
    """A name that is misspelt on the page would be refused as the operator's fault."""
    sample: Any = {"type": 0} if vendor == "discord" else json.loads(_first_body(vendor))
    assert isinstance(TRANSLATORS[vendor](delivery(sample), installation(vendor)), Translation)


def _first_body(vendor: str) -> str:
    found = re.search(r"^BODY='(.*)'$", command(vendor), re.MULTILINE)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("vendor", ["zendesk", "delighted"])
def test_records_of_a_page_are_understood(vendor: str) -> None:
    """Exports are sent by scripts that somebody writes after these lines."""
    for record in blocks(vendor, "json"):
        assert TRANSLATORS[vendor](delivery(record.encode()), installation(vendor)).events


@pytest.mark.parametrize("vendor", OURS)
def test_a_page_names_all_that_its_vendor_becomes(vendor: str) -> None:
    """A type of event that the table lacks is one that nobody expects."""
    modules = Path(__file__).parents[4].joinpath("streams/ingest/vendors").glob(f"{vendor}*.py")
    code = "".join(module.read_text("utf-8") for module in modules)
    kinds = set(re.findall(r'"((?:ticket|message|response|survey|sla_target)_[a-z_]+)"', code)) & set(EVENT_TYPES)
    assert not [kind for kind in sorted(kinds) if f"`{kind}`" not in page(vendor)]

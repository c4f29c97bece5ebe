import json
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from infra import local, wiring, workers
from infra.cli import app
from infra.deployment import environment
from infra.settings import Settings
from infra.standing import settle
from sinks import explain as asking

_AT, _LATER = "2025-05-01T08:00:00Z", "2025-05-02T08:00:00Z"
_HOSTILE = (
    "'", '"', "\\", "a'; DROP TABLE event; --", "{x:String}", "%(x)s", "a\0b", "\x1b[31m", "a\nb", "\u202e", "x" * 5000,
    "' OR 1=1", "${cx}", "[bold]", "\ud800",
)  # fmt: skip


class Cx:
    """`cx` on servers of one's own."""

    def __init__(self, here: Settings) -> None:
        self.here, self.env = here, environment(here)

    def __call__(self, *arguments: str, stdin: str | None = None, status: int = 0) -> Result:
        result = CliRunner().invoke(app, arguments, input=stdin, env=self.env)
        assert result.exit_code == status, result.output
        return result

    def json(self, *arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self(*arguments, "--format", "json").stdout)
        return found

    def emit(self, event_type: str, **fields: Any) -> None:
        self("emit", event_type, stdin=json.dumps({"account_id": "acme", "occurred_at": _AT} | fields))


def _response(name: str, nps: float, **fields: Any) -> dict[str, Any]:
    answer = {"question_id": "q1", "kind": "NPS", "number": nps}
    text = {"question_id": "q2", "kind": "TEXT", "text": f"words of {name}"}
    said = {"response_id": name, "survey_id": "s1", "survey_version": 1, "submitted_at": _AT, "answers": [answer, text]}
    return said | fields


@pytest.mark.servers
@pytest.mark.timeout(300)
def test_a_figure_leads_to_its_events_and_to_what_was_known_before(here: Settings) -> None:
    """The analyst's question end to end: what is in it, what changed it, what is left out, and what was it then."""
    cx = Cx(here)
    local.prepare(here)
    worker = workers.start(here, 1, detach=False)
    try:
        cx.emit("response_submitted", **_response("R1", 9.0, contact_id="ann"))
        cx.emit("response_submitted", **_response("R2", 3.0, contact_id="bob"))
        cx.emit("response_submitted", **_response("R3", 0.0, is_test=True))
        cx.emit("response_submitted", **_response("R4", 10.0))
        settle(here, lambda: None)
        client = wiring.reader(here)
        ((then,),) = client.execute("SELECT max(ingested_at) FROM event")
        better = [{"question_id": "q1", "kind": "NPS", "number": 9.0}]
        cx.emit("response_corrected", response_id="R2", occurred_at=_LATER, answers=better)
        cx.emit("response_deleted", response_id="R4", occurred_at=_LATER)
        settle(here, lambda: None)
        asked = ("explain", "nps", "--account", "acme", "--window", "2025-05")
        found = cx.json(*asked, "--known-at", then.isoformat())
        assert [(f["value"], f["n"]) for f in found["figures"]] == [(100.0, 2)]
        assert [(f["value"], f["n"]) for f in found["known_at"]["figures"]] == [(pytest.approx(100 / 3), 3)]
        assert [(e["fact_id"], e["reason"]) for e in found["excluded"]] == [("R3", "test"), ("R4", "deleted")]
        (corrected,) = [fact for fact in found["facts"] if fact["fact_id"] == "R2"]
        assert [event["event_type"] for event in corrected["events"]] == ["response_submitted", "response_corrected"]
        assert {event["topic"] for event in corrected["events"]} == {f"{here.topic_prefix}survey"}
        changed = {each["fact_id"]: each for each in found["known_at"]["changes"]}
        assert set(changed) == {"R2", "R4"}
        assert [event["event_type"] for event in changed["R4"]["events"]] == ["response_deleted"]
        restated = {(r["entity_id"], r["old_value"], r["new_value"]) for r in found["restatements"]}
        assert ("R2", 3.0, 9.0) in restated
        said = cx(*asked, "--known-at", then.isoformat()).stdout
        assert "score=3" in said
        first = corrected["events"][0]
        place = f"{first['topic']}-{first['partition']}@{first['offset']}"
        assert place in said, "as `cx dead-letters show` takes it"
        assert "words of" not in said + json.dumps(found)
        assert "words of R1" in cx(*asked, "--texts").stdout
        entity = cx.json("explain", "response", "R2", "--account", "acme")
        assert [event["event_id"] for event in entity["events"]] == [e["event_id"] for e in corrected["events"]]
        assert entity["rows"]["answer"][0]["number"] == 9.0
        assert "verbatim" not in entity["rows"]
        _is_led_to_by_what_a_payment_changed(cx, here)
        _health_adds_up(cx, here, then.isoformat())
        for text in _HOSTILE:
            for part in (("explain", "nps", "--account", text, "--window", "2025-05"),
                         ("explain", "response", text, "--account", "acme"),
                         ("explain", text, "--account", "acme", "--window", "2025-05"),
                         ("explain", "nps", "--account", "acme", "--window", text)):  # fmt: skip
                _is_a_sentence(cx(*part, status=1))
        client.disconnect()
    finally:
        worker.stop(workers.STOP_GRACE_S)


def _is_led_to_by_what_a_payment_changed(cx: Cx, here: Settings) -> None:
    """A payment is no entity of the event table: its changes lead to events of invoices and receipts."""
    money = {"amount": 5_000, "currency": "USD", "exponent": 2, "payment_id": "P1"}
    cx.emit("invoice_paid", **money, invoice_id="I1", paid_at=_AT)
    cx.emit("payment_received", **money | {"amount": 9_000}, received_at=_AT)
    settle(here, lambda: None)
    changed = cx.json("explain", "collections", "--account", "acme", "--window", "2025-05")["restatements"]
    told = {(each["entity_kind"], each["item"], each["event"]["event_type"]) for each in changed}
    assert told == {("payment", "USD/I1", "invoice_paid"), ("payment", "USD/", "payment_received")}
    rows = cx.json("explain", "invoice", "I1", "--account", "acme")["rows"]["metric_change"]
    assert ("payment", "collections") in {(each["entity_kind"], each["metric"]) for each in rows}


def _health_adds_up(cx: Cx, here: Settings, then: str) -> None:
    """Health rests on events of all topics; what was known before has fewer of them."""
    cx.emit("manager_sentiment_set", sentiment_id="M1", sentiment=1, manager_id="kim", set_at=_LATER)
    settle(here, lambda: None)
    asked = ("explain", "health", "--account", "acme")
    (now,), (before,) = (cx.json(*asked, *more)["models"] for more in ((), ("--known-at", then)))
    for model in (now, before):
        brought = sum(round(100 * part["contribution"]) for part in model["components"])
        assert brought == round(100 * (model["score"] or 0))
    signals = [{part["signal"] for part in each["components"] if part["value"] is not None} for each in (before, now)]
    assert "nps" in signals[0]
    assert signals[0] < signals[1]
    assert "sentiment" in signals[1]
    assert "together" in cx(*asked).stdout
    _is_a_sentence(cx(*asked, "--window", "2025-05", status=1))


def _is_a_sentence(refused: Result) -> None:
    assert refused.stdout == ""
    assert refused.stderr.startswith("cx: ")
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert "Traceback" not in refused.stderr
    assert refused.exception is None or isinstance(refused.exception, SystemExit)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("npss", "--account", "a", "--window", "2026-08"), "did you mean nps?"),
        (("mrr_span", "--account", "a", "--window", "2026-08"), "there is no metric"),
        (("nps", "--account", "a", "--window", "2026"), "nps has no window of a year: give one of day, week"),
        (("ar_open", "--account", "a", "--window", "2026-08"), "ar_open has no window of a month: give one of day"),
        (("mrr", "--account", "a", "--window", "2026-08", "--policy", "strip"), "did you mean stripe?"),
        (("nps", "--account", "a"), "which window?"),
        (("health_backtest", "--account", "a", "--window", "2026"), "has no windows: leave out --window"),
        (("risk_rule_quality",), "which account?"),
        (("nps", "--window", "2026-08"), "which account?"),
        (("nps", "--account", "a", "--window", "2026-13"), "is no window"),
        (("nps", "--account", "a", "--window", "2026-08", "--known-at", "soon"), "no ISO 8601 time"),
        (("nps", "--account", "a", "--window", "2026-08", "--known-at", "2026-08-01T00:00:00"), "no offset from UTC"),
        (("nps", "--account", "a", "--window", "2026-08", "--known-at", "2099-08-01T00:00:00Z"), "in the future"),
        (("response", "--account", "a"), "Give its id"),
        (("respons", "R1", "--account", "a"), "did you mean response?"),
        (("response", "R1", "--account", "a", "--window", "2026-08"), "an entity has no window"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    """Before any server is asked: at 3 a.m. the answer to a typing error comes at once and says what to type."""
    refused = CliRunner().invoke(app, ["explain", *arguments])
    assert refused.exit_code == 1
    assert sentence in refused.stderr.replace("\n", " ")
    _is_a_sentence(refused)


def test_ctrl_c_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupting a question leaves no traceback, and the status says that there is no answer."""

    def interrupted(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("infra.cli.explain.metric_named", interrupted)
    refused = CliRunner().invoke(app, ["explain", "nps", "--account", "a", "--window", "2026-08"])
    assert refused.exit_code == 1
    _is_a_sentence(refused)


def test_the_nearest_name_is_offered_only_where_it_is_near() -> None:
    """A wrong suggestion costs more than a list."""
    assert asking.nearest("NPS", ("nps", "csat")) == ": did you mean nps?"
    assert asking.nearest("zzz", ("nps", "csat")) == ": there are csat, nps"

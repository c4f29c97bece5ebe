"""Every vendor as tests know it: its translator, an instance, and the samples that need nothing from outside."""

from typing import Any, NamedTuple

from streams.ingest.vendors import cloudevents, delighted, discord, formbricks, segment, typeform, zendesk
from streams.ingest.vendors.model import AccountRules, Instance, Translator
from tests.support.vendors import own_sample

RULES = AccountRules(
    metadata_key="account", organizations={"10002": "acme", "g-4": "globex"}, domains={"acme.example": "acme"}
)
NPS_SUBMITTED = {
    "type": "response_submitted",
    "fields": {
        "response_id": "$.properties.response",
        "survey_id": "relationship",
        "survey_version": 1,
        "submitted_at": "$.timestamp",
        "contact_id": "$.userId",
        "language": "$.context.locale",
        "answers": [{"question_id": "q1", "kind": "NPS", "number": "$.properties.score"}],
    },
}
SEAT_COUNT = {
    "type": "usage_reported",
    "fields": {"meter": "seats", "measured_at": "$.timestamp", "value": "$.properties.seats"},
}
OPTIONS: dict[str, dict[str, Any]] = {
    "typeform": {
        "forms": {
            "HLjqXS5W": {"nps": "recommend", "csat": ["support"], "choice": ["uses", "likes"], "version": 2},
            "lT4Z3j": {"rating": "readable_ref_age", "choice": "readable_ref_gender"},
            "DHsCKv": {},
        }
    },
    "formbricks": {"surveys": {"s1": {"nps": "q1", "csat": "q3"}}, "test_tags": ["internal"]},
    "segment": {"events": {"NPS Submitted": NPS_SUBMITTED, "Seat Count": SEAT_COUNT}},
    "discord": {
        "channels": {"41771983423143937": "acme", "290926798999357250": "acme", "1405604229820715098": "globex"},
        "agents": ["80351110224678912"],
        "agent_roles": ["77"],
    },
}
MODULES = {
    "zendesk": zendesk,
    "typeform": typeform,
    "formbricks": formbricks,
    "cloudevents": cloudevents,
    "segment": segment,
    "discord": discord,
    "delighted": delighted,
}


class Case(NamedTuple):
    """A vendor with bodies that it understands."""

    vendor: str
    translate: Translator
    instance: Instance
    bodies: list[Any]


def instance(vendor: str, **options: Any) -> Instance:
    """An instance with the options of these tests, or with others."""
    return Instance(vendor, "main", RULES, options or OPTIONS.get(vendor, {}))


def _delighted() -> dict[str, Any]:
    response = {
        "id": "210554372",
        "person": "980285131",
        "survey_type": "nps",
        "score": 8,
        "comment": "Anna says hello",
        "created_at": 1641289688,
        "updated_at": 1641289690,
        "person_properties": {"account": "acme"},
        "tags": [],
    }
    return {"stream": "survey_responses", "data": response, "emitted_at": 1669106880196}


def _discord() -> list[Any]:
    author = {"id": "53908099506183680", "username": "Anna"}
    metadata = {"archived": True, "locked": True, "archive_timestamp": "2021-04-12T23:40:39.855793+00:00"}
    thread = {"id": "41771983423143937", "guild_id": "9", "owner_id": author["id"], "thread_metadata": metadata}
    message = {"id": "334385199974967042", "channel_id": "290926798999357250", "author": author, "content": "Anna"}
    deleted = {"id": message["id"], "channel_id": message["channel_id"]}
    dispatches = {"THREAD_UPDATE": thread, "MESSAGE_CREATE": message, "MESSAGE_DELETE": deleted}
    return [{"op": 0, "t": kind, "s": 1, "d": data} for kind, data in dispatches.items()]


def cases() -> list[Case]:
    """Every vendor with samples of our own."""
    forms = ("created", "updated_at_the_end", "finished", "corrected")
    bodies: dict[str, list[Any]] = {
        "zendesk": [own_sample("zendesk/comment_added.json"), own_sample("zendesk/apply_sla.json")],
        "typeform": [own_sample("typeform/nps.json")],
        "formbricks": [own_sample(f"formbricks/{name}.json") for name in forms],
        "cloudevents": [own_sample("cloudevents/structured.json"), own_sample("cloudevents/batch.json")],
        "segment": [own_sample("segment/track.json"), own_sample("segment/batch.json")],
        "discord": _discord(),
        "delighted": [_delighted()],
    }
    return [Case(name, module.translate, instance(name), bodies[name]) for name, module in MODULES.items()]

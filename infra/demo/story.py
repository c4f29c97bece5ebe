"""Tell the story of one account: invitations, answers, second thoughts, tags and calls, as (type, fields) in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from infra.demo.voice import Told, Voice
from infra.demo.world import (
    DAY,
    DETRACTOR_TO,
    HOUR,
    PODS,
    QUESTIONS,
    RELATION,
    START,
    TICKET,
    TOPICS,
    Account,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_MINUTE = HOUR // 60
_GLAD = 0.6
_CHANNELS = ("email", "in_app", "sms")


class Teller(Voice):
    """Tells one account's story; the same seed tells the same, down to each event's id."""

    def setting(self) -> Iterator[Told]:
        """Yield who the account is, who is in charge of it when, and the surveys that it is asked."""
        for at, stage in enumerate(self.account.stages):
            since = START - 30 * DAY if at == 0 else START + stage.week * 7 * DAY
            until = [START + later.week * 7 * DAY for later in self.account.stages[at + 1 : at + 2]]
            yield self.event(
                "account_upserted", since, name=self.account.name, segment=stage.segment,
                country=self.account.country, lifecycle="customer",
            )  # fmt: skip
            yield self.event(
                "manager_assigned", since, manager_id=stage.manager, role="OWNER", pod_id=PODS[stage.manager],
                valid_from=since, valid_to=until[0] if until else None,
            )  # fmt: skip
        for survey, questions in QUESTIONS.items():
            relationship = "RELATIONSHIP" if survey == RELATION else "TRANSACTIONAL"
            yield self.event(
                "survey_defined", START - DAY, survey_id=survey, version=1, title=survey,
                relationship=relationship, questions=questions,
            )  # fmt: skip

    def weeks(self) -> Iterator[Told]:
        """Yield everything that the account's contacts are asked and answer."""
        for week in range(self.chapter.weeks):
            monday = self.chapter.begin + week * 7 * DAY
            for _ in range(self.chance.randint(*self.chapter.asked)):
                at = monday + self.chance.randrange(7 * DAY - 2 * HOUR) + HOUR
                survey = self.chance.choice((RELATION, RELATION, TICKET))
                told = self._invited if self.often(0.75) else self._shown
                yield from told(survey, at, f"{self.account.id}-contact-{self.chance.randrange(30):02d}")

    def _invited(self, survey: str, at: int, contact: str) -> Iterator[Told]:
        invitation = self.name("invitation")
        is_test = self.often(0.02)
        sent = {"invitation_id": invitation, "survey_id": survey, "contact_id": contact,
                "channel": self.chance.choice(_CHANNELS), "is_test": is_test}  # fmt: skip
        yield self.event("invitation_sent", at, **sent)
        if self.often(0.05):
            yield self.event("invitation_bounced", at + _MINUTE, invitation_id=invitation, reason="mailbox full",
                             is_test=is_test)  # fmt: skip
            return
        yield self.event("invitation_delivered", at + _MINUTE, invitation_id=invitation, is_test=is_test)
        opens, answers = self.often(0.7), self.often(0.5)
        if opens:
            yield self.event("invitation_opened", at + 2 * HOUR, invitation_id=invitation, is_test=is_test)
        if not answers and self.often(0.3):
            yield self.event("invitation_sent", at + 3 * DAY, **{**sent, "reminder_no": 1})
        if answers:
            # Well inside the cohort's 14 days, or well after them: no figure hangs on the border's exact place.
            delay = self.chance.choice((3 * HOUR, DAY, 2 * DAY, 5 * DAY, 9 * DAY, 20 * DAY))
            yield from self._answered(survey, at + delay, contact, invitation_id=invitation, is_test=is_test)

    def _shown(self, survey: str, at: int, contact: str) -> Iterator[Told]:
        display = self.name("display")
        yield self.event("survey_displayed", at, display_id=display, survey_id=survey, survey_version=1,
                         contact_id=contact, channel="in_app")  # fmt: skip
        if self.often(0.6):
            yield from self._answered(survey, at + 5 * _MINUTE, contact, display_id=display, is_test=False)

    def _answered(self, survey: str, at: int, contact: str, **origin: Any) -> Iterator[Told]:
        response, finished = self.name("response"), self.often(0.9)
        mood = min(1.0, max(0.0, self.chance.gauss(0.8 + self.account.warmth / 5, 0.22)))
        answers = self._answers(survey, mood, finished=finished)
        yield self.event(
            "response_submitted", at, response_id=response, survey_id=survey, survey_version=1, contact_id=contact,
            started_at=at - 3 * _MINUTE, submitted_at=at, finished=finished, language="en", actor="CUSTOMER",
            answers=answers, **origin,
        )  # fmt: skip
        if any(answer.get("text", "").strip() for answer in answers):
            yield from self._tagged(response, at + _MINUTE)
        yield from self._thought_again(survey, response, at, origin["is_test"])
        if survey == RELATION and answers and answers[0]["number"] <= DETRACTOR_TO:
            yield from self._called(response, at)

    def _answers(self, survey: str, mood: float, *, finished: bool) -> list[dict[str, Any]]:
        asked = QUESTIONS[survey] if finished else QUESTIONS[survey][: self.chance.randrange(2)]
        answers: list[dict[str, Any]] = []
        for question in asked:
            answer: dict[str, Any] = {"question_id": question["question_id"], "kind": question["kind"]}
            if question["kind"] == "TEXT":
                if self.often(0.5):
                    continue
                topic = self.chance.choice(sorted(TOPICS))
                answer["text"] = TOPICS[topic][mood > _GLAD] if self.often(0.95) else "   "
            else:
                low, high = question["scale_min"], question["scale_max"]
                answer["number"] = float(round(low + mood * (high - low)))
            answers.append(answer)
        return answers

    def _tagged(self, response: str, at: int) -> Iterator[Told]:
        found = self.chance.sample(sorted(TOPICS), k=self.chance.choice((1, 1, 2)))
        topics = [{"topic_id": topic, "sentiment": self.chance.choice(("NEGATIVE", "POSITIVE"))} for topic in found]
        yield self.event("response_tagged", at, response_id=response, topics=topics, taxonomy_version="demo-1",
                         tagger="rules")  # fmt: skip

    def _thought_again(self, survey: str, response: str, at: int, is_test: bool) -> Iterator[Told]:
        if self.often(0.06):
            answers = self._answers(survey, self.chance.random(), finished=True)
            yield self.event("response_corrected", at + 6 * HOUR, response_id=response, answers=answers,
                             reason="changed by the respondent", is_test=is_test)  # fmt: skip
        if self.often(0.02):
            yield self.event("response_deleted", at + 7 * HOUR, response_id=response, reason="withdrawn",
                             is_test=is_test)  # fmt: skip

    def _called(self, response: str, at: int) -> Iterator[Told]:
        if self.often(self.chapter.called):
            delay = self.chance.choice((HOUR, 8 * HOUR, 30 * HOUR, 47 * HOUR, 49 * HOUR, 90 * HOUR))
            stage = self.account.stage(at + delay)
            yield self.event(
                "followup_logged", at + delay, response_id=response, followup_id=self.name("followup"), kind="call",
                manager_id=stage.manager, outcome="apologised", closed=self.often(0.6), actor="AGENT",
            )  # fmt: skip


def tell(account: Account, seed: int) -> list[Told]:
    """Return an account's whole story, ordered by when it happened."""
    teller = Teller(account, seed)
    return sorted([*teller.setting(), *teller.weeks()], key=lambda told: told[1]["occurred_at"])

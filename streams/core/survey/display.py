"""The display of a survey: each event states all of it, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.declarations import Reducer
from streams.core.entities import PREFIXES
from streams.core.events import SurveyDisplayEvent
from streams.core.newest import Newest, projection_of, take_newest
from streams.core.rows_survey import SurveyDisplayRow
from streams.core.survey.measures import display_measures


def rows(recorded: RecordedEvent) -> Sequence[SurveyDisplayRow]:
    """Return the row of a survey that was shown."""
    shown: SurveyDisplayEvent = recorded.event  # type: ignore[assignment] # routed here by its type
    return (
        SurveyDisplayRow(
            shown.account_id,
            shown.display_id,
            shown.survey_id,
            shown.survey_version or 0,
            shown.invitation_id or "",
            shown.contact_id or "",
            shown.channel or "",
            shown.occurred_at,
            shown.is_test,
        ),
    )


SURVEY_DISPLAY = Reducer(
    kind="survey_display",
    prefix=PREFIXES["survey_display"],
    events=SurveyDisplayEvent,
    identify=attrgetter("display_id"),
    accumulator=Newest,
    apply=take_newest,
    project=projection_of(rows, display_measures),
)

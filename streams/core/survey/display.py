"""The display of a survey: each event states all of it, so the newest stands."""

from collections.abc import Sequence
from operator import attrgetter

from streams.core.algebra import RecordedEvent
from streams.core.events import SurveyDisplayEvent
from streams.core.newest import newest_of
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


SURVEY_DISPLAY = newest_of("survey_display", SurveyDisplayEvent, attrgetter("display_id"), rows, display_measures)

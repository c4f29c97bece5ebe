"""Reducers of cx.survey: definitions, invitations, displays, responses with their follow-up clock."""

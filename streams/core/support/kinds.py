"""The events that a ticket is made of."""

from streams.core.events import (
    MessageAdded,
    MessageChanged,
    SlaTargetApplied,
    TicketAssigned,
    TicketCsatOffered,
    TicketCsatRated,
    TicketDeleted,
    TicketEscalated,
    TicketMarkedSpam,
    TicketMerged,
    TicketOpened,
    TicketPriorityChanged,
    TicketReopened,
    TicketRestored,
    TicketSolved,
    TicketStatusChanged,
    TicketTopicSet,
)

TicketEvent = (
    TicketOpened
    | MessageAdded
    | MessageChanged
    | TicketStatusChanged
    | TicketSolved
    | TicketReopened
    | TicketAssigned
    | TicketPriorityChanged
    | TicketTopicSet
    | TicketEscalated
    | TicketCsatOffered
    | TicketCsatRated
    | TicketMerged
    | TicketDeleted
    | TicketRestored
    | TicketMarkedSpam
    | SlaTargetApplied
)

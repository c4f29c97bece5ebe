"""Reducers of cx.support: tickets with everything that happens to them, touches outside of tickets."""

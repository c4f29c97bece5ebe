"""Risks of accounts: rules that are settings, and the episodes in which one holds."""

"""Feedback items: what customers ask for, who asked, how far it got, and who was told."""

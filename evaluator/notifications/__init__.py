"""Notifications of submission events to webhooks."""

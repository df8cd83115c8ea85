"""Whoever takes text messages here, by the settings."""

from __future__ import annotations

from config.base import Settings
from trustconduct.outbox.notify import NotifyGateway
from trustconduct.outbox.texts import FileGateway, Gateway, NoGateway


def text_gateway(settings: Settings) -> Gateway:
    if settings.SMS_PROVIDER == "notify":
        key, template = settings.NOTIFY_API_KEY, settings.NOTIFY_TEMPLATE_ID
        return NotifyGateway(key, template, settings.NOTIFY_URL)
    if settings.SMS_PROVIDER == "files":
        return FileGateway(settings.VAR / "texts")
    return NoGateway()

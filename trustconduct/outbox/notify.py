"""Text messages by GOV.UK Notify."""

from __future__ import annotations

import logging
from typing import Any

from notifications_python_client.errors import APIError
from notifications_python_client.notifications import NotificationsAPIClient

from trustconduct.outbox.carriers import Later, NotTaken, Refused

URL = "https://api.notifications.service.gov.uk"
SECONDS_TO_ANSWER = 20


class NotifyGateway:
    """GOV.UK Notify. The template there must be a text message that says only ((message))."""

    def __init__(self, api_key: str, template_id: str, url: str = URL) -> None:
        self._client = NotificationsAPIClient(api_key, base_url=url, timeout=SECONDS_TO_ANSWER)
        self._template_id = template_id
        # It logs what the service answers, and that may quote what was sent.
        logging.getLogger("notifications_python_client").setLevel(logging.CRITICAL)

    def send(self, number: str, text: str, reference: str, *, again: bool) -> None:
        """Raises Later or Refused.

        Notify would send the same reference twice. So after a try whose answer
        never came, it is asked first whether it has that reference already.
        """
        try:
            if again and self._has(reference):
                return
            self._client.send_sms_notification(
                number, self._template_id, personalisation={"message": text}, reference=reference
            )
        except APIError as error:
            raise _because(error) from None

    def _has(self, reference: str) -> bool:
        found = self._client.get_all_notifications(reference=reference) or {}
        return bool(found.get("notifications"))


def _because(error: APIError) -> NotTaken:
    """Refused only where Notify names the recipient: a bad key or template is ours to mend.

    Source: https://docs.notifications.service.gov.uk/python.html, "Send a text
    message, error codes". 429 (limits) and 5xx are temporary, 403 is our key.
    """
    code = error.status_code
    said = _words(error)
    if code == 400 and ("phone_number" in said or "recipient" in said):
        return Refused(f"Notify {code}")
    return Later(f"Notify {code}")


def _words(error: APIError) -> str:
    told: Any = error.message
    if isinstance(told, list):
        return " ".join(str(each.get("message", "")) for each in told if isinstance(each, dict))
    return str(told)

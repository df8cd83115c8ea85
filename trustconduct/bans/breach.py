"""A breach at the gate: it becomes a report, and the head hears of it at once."""

from __future__ import annotations

from collections.abc import Sequence

from trustconduct import clock
from trustconduct.accounts.permissions import Can, permit
from trustconduct.audit.actor import Actor
from trustconduct.bans.clocks import Told
from trustconduct.bans.gate import seen_on_site
from trustconduct.bans.models import Ban, BanSighting, GateDevice
from trustconduct.conduct.models import Place, Who
from trustconduct.conduct.report import Report, report_incident
from trustconduct.outbox.write import Mail, write
from trustconduct.tenants.models import School
from trustconduct.tenants.sessions import ScopedSession


def note_breach(
    session: ScopedSession,
    ban: Ban,
    *,
    by: Actor,
    people: Sequence[Told],
    base_url: str,
    device: GateDevice | None = None,
) -> BanSighting:
    """Note a breach, file it as a report, and write to those who lead the school.

    A second tap within a quarter of an hour changes nothing. Raises BanRefused.
    """
    permit(by, Can.SEE_GATE, session.school_id)
    before = clock.now()
    sighting = seen_on_site(session, ban, by=by, device=device)
    if sighting.seen_at < before:
        return sighting
    at = clock.local(sighting.seen_at)
    report_incident(
        session,
        Report(
            what=f"Seen on site at {at:%H:%M} although ban {ban.number} is in force.",
            happened_on=at.date(),
            happened_when=f"{at:%H:%M}",
            place=Place.SITE,
            at_risk=False,
            who=Who.ROLL,
            adult_id=ban.adult_id,
        ),
        by=by,
    )
    school = session.get_one(School, session.school_id)
    address = f"{base_url.rstrip('/')}/{school.slug}/staff/bans/{ban.id}/"
    write(
        session,
        [
            Mail(
                kind="ban_breach",
                to_name=who.name,
                to_address=who.email,
                from_name=school.name,
                subject=f"Ban {ban.number}: seen on site now",
                body=f"""Dear {who.name},

The person of ban {ban.number} was seen on site at {at:%H:%M}. {by.name} noted it. In danger
ring 999.

A report is filed. Open the ban here, and decide whether to write to them or to tell the
police:

{address}

trustconduct
""",
            )
            for who in people
        ],
    )
    return sighting

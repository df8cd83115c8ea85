"""The alert to the safeguarding leads: that there is a report, and nothing of what it says."""

from __future__ import annotations

from trustconduct.outbox.write import Mail


def child_at_risk(
    *, to_name: str, to_address: str, school_name: str, number: int, page: str
) -> Mail:
    """Tell a lead or deputy that a report says a child may be at risk."""
    return Mail(
        kind="child_at_risk",
        to_name=to_name,
        to_address=to_address,
        from_name=school_name,
        subject=f"A child may be at risk: report {number}",
        body=f"""Dear {to_name},

A member of staff has filed report {number} at {school_name}. They said that a child may be at risk.

Please read it now: sign in at {page}

Letters about this report wait until you record that they may go out. An immediate ban does not.

Please note your concern in the school's safeguarding system. This service does not keep it.

Thank you,
{school_name}
""",
    )

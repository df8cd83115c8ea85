"""Every module that has tables: what the migrations must add up to."""

from trustconduct.accounts import models as accounts
from trustconduct.acknowledgements import (
    entrance,
    notice_models,
    paper_models,
    plans,
    struck_models,
)
from trustconduct.acknowledgements import models as acknowledgements
from trustconduct.audit import models as audit
from trustconduct.bans import models as bans
from trustconduct.conduct import contact_plans, meeting_models, referrals
from trustconduct.conduct import models as conduct
from trustconduct.contact_matrix import models as contact_matrix
from trustconduct.db import Base
from trustconduct.files import models as files
from trustconduct.jobs import models as jobs
from trustconduct.letters import models as letters
from trustconduct.outbox import models as outbox
from trustconduct.people import models as people
from trustconduct.people import roll_models
from trustconduct.policies import (
    approvers,
    consultations,
    edition_changes,
    rollouts,
    translation_models,
)
from trustconduct.policies import models as policies
from trustconduct.reviews import models as reviews
from trustconduct.schools import models as schools
from trustconduct.tenants import calendars
from trustconduct.tenants import models as tenants

MODULES = (
    accounts,
    acknowledgements,
    approvers,
    audit,
    bans,
    calendars,
    conduct,
    consultations,
    contact_matrix,
    contact_plans,
    edition_changes,
    entrance,
    files,
    jobs,
    notice_models,
    letters,
    meeting_models,
    outbox,
    paper_models,
    people,
    plans,
    policies,
    referrals,
    reviews,
    roll_models,
    rollouts,
    schools,
    struck_models,
    tenants,
    translation_models,
)

__all__ = ["MODULES", "Base"]

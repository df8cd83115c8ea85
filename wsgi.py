"""The door for a web server: `granian --interface wsgi wsgi:app`."""

from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from config.base import from_environment
from trustconduct.app import create_app
from trustconduct.plain_log import log_plainly
from trustconduct.preflight import check_login
from trustconduct.web.door import works

settings = from_environment()
log_plainly(as_json=settings.log_as_json)
app = create_app(settings)
with app.app_context():
    check_login(works().sessions.engine)
with app.app_context(), suppress(SQLAlchemyError):
    # Known from the start: a page that says that the records are away names the Trust.
    works().directory.trust()

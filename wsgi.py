"""The door for a web server: `granian --interface wsgi wsgi:app`."""

from config.base import from_environment
from trustconduct.app import check_login, create_app
from trustconduct.plain_log import log_plainly

settings = from_environment()
log_plainly(as_json=settings.log_as_json)
check_login(settings)
app = create_app(settings)

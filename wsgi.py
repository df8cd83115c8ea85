"""The door for a web server: `granian --interface wsgi wsgi:app`."""

from trustconduct.app import create_app
from trustconduct.preflight import check_login
from trustconduct.web.door import works

app = create_app()
with app.app_context():
    check_login(works().sessions.engine)

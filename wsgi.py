"""The door for a web server: `granian --interface wsgi wsgi:app`."""

from trustconduct.app import check_login, create_app
from trustconduct.web.door import works

app = create_app()
with app.app_context():
    check_login(works().settings)

"""Fields of the console's forms."""

from trustconduct.web.fields import WrittenDay

__all__ = ["WrittenDay"]

"""The code in five sentences: above the whole text on the page, and on a sheet of paper."""

from trustconduct.languages.spoken import Message

IN_SHORT = (
    Message("We all want the best for your child."),
    Message("We treat each other kindly and with respect, at school and online."),
    Message("Threats, insults and violence are never all right."),
    Message("If you are worried or unhappy, come and talk to us first."),
    Message("If someone breaks the code, we act step by step, and fairly."),
)

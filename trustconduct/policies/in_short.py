"""The code in five sentences: above the whole text on the page, and on a sheet of paper."""

IN_SHORT = (
    "We all want the best for your child.",
    "We treat each other kindly and with respect, at school and online.",
    "Threats, insults and violence are never all right.",
    "If you are worried or unhappy, come and talk to us first.",
    "If someone breaks the code, we act step by step, and fairly.",
)

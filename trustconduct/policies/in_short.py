"""The code in five sentences: above the whole text on the page, and on a sheet of paper."""

from trustconduct.languages.spoken import Message

IN_SHORT = (
    Message("We all want the best for your child."),
    Message("We treat each other kindly and with respect, at school and online."),
    Message("Threats, insults and violence are never all right."),
    Message("If you are worried or unhappy, come and talk to us first."),
    Message("If someone breaks the code, we act step by step, and fairly."),
)


# The same for who finds reading hard: one thought a sentence, a picture beside each group.
# (picture, heading, sentences); the pictures stand in templates/components/icons.html.
EASY_READ = (
    (
        "people",
        Message("What this is"),
        (
            Message("This page tells you about our code of conduct."),
            Message("A code of conduct says how people treat each other."),
            Message("It is for parents, carers and visitors."),
        ),
    ),
    (
        "heart",
        Message("Be kind"),
        (
            Message("Please be kind to everyone at school."),
            Message("Please be kind online too."),
            Message("Our staff will be kind to you."),
        ),
    ),
    (
        "stop",
        Message("What is not all right"),
        (
            Message("Do not shout at people or call them names."),
            Message("Do not threaten anyone. Do not hurt anyone."),
            Message("Do not write cruel things online about people at school."),
        ),
    ),
    (
        "talk",
        Message("If you are unhappy"),
        (
            Message("Come and talk to us. We want to listen."),
            Message("You can make a complaint. That is all right."),
            Message("You can bring someone with you."),
        ),
    ),
    (
        "steps",
        Message("If someone breaks the code"),
        (
            Message("First we write to them and ask them to meet us."),
            Message("If it goes on, they may not be allowed to come into school."),
            Message("They can always tell us their side."),
            Message("If someone is in danger, we call the police."),
        ),
    ),
    (
        "phone",
        Message("If you want help"),
        (
            Message("Ask the school office to read the code to you."),
            Message("You can ask for it in large print."),
        ),
    ),
)

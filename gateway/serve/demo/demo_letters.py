"""The messages of the demo, and why each is in it."""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from email.message import EmailMessage

PROFESSOR = "ada.professor@example.edu"


@dataclass(frozen=True, slots=True)
class DemoLetter:
    """One message of the demo, and why it is in it."""

    title: str
    sender: str
    to: tuple[str, ...]
    subject: str
    headers: tuple[tuple[str, str], ...] = ()

    def message(self) -> EmailMessage:
        """The message itself."""
        message = EmailMessage()
        message["From"] = self.sender
        message["To"] = ", ".join(self.to)
        message["Subject"] = self.subject
        message["Message-ID"] = f"<demo-{abs(hash(self.subject)):x}@example.edu>"
        for name, value in self.headers:
            message[name] = value
        message.set_content(f"Dear colleague,\n\n{TEXT}.\n")
        return message

    @property
    def addresses(self) -> tuple[str, ...]:
        """The bare addresses."""
        return tuple(email.utils.parseaddr(each)[1] for each in self.to)


TEXT = "this is a message of the demo"
"""Stands in the body of each."""

LETTERS = (
    DemoLetter("to a colleague", PROFESSOR, ("bob.colleague@example.edu",), "Seminar on Thursday"),
    DemoLetter(
        "to a person at a listed institution",
        PROFESSOR,
        ("elena.sokolova@skoltech.ru",),
        "Our draft, second version",
    ),
    DemoLetter(
        "to a friend's private mailbox, with the institution in the display name",
        PROFESSOR,
        ('"Ivan Petrov (Skoltech)" <ivan.petrov@gmail.com>',),
        "Happy birthday",
    ),
    DemoLetter(
        "to three listed institutions at once",
        PROFESSOR,
        ("a.orlov@mipt.ru", "n.belova@bmstu.ru", "li.wei@buaa.edu.cn"),
        "Workshop programme",
    ),
    DemoLetter(
        "an automatic reply",
        "lab@example.edu",
        ("a.orlov@mipt.ru",),
        "Out of office: re your question",
        (("Auto-Submitted", "auto-replied"),),
    ),
)

UNMATCHED = (LETTERS[0], LETTERS[2])
"""Those to nobody of interest, which leave no trace."""

NOTICES = 2
"""How many notices the professor gets: the automatic reply's sender gets none."""

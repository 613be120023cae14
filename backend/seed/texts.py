"""What people write to and about each other, in the languages that they have in common."""

# ruff: noqa: RUF001 - letters of other scripts look like Latin ones, and are meant

from __future__ import annotations

from typing import Literal

Tone = Literal["good", "fair", "poor"]
Words = dict[str, tuple[str, ...]]

FEEDBACK: dict[Tone, Words] = {
    "good": {
        "en": (
            "Clear names, small functions, and every edge case handled. Very good!",
            "Correct and readable. Have a look at `itertools` some day.",
            "Bravo — Μπράβο! Nothing to add.",
        ),
        "de": (
            "Sehr schön gelöst, auch die Sonderfälle stimmen.",
            "Richtig und gut lesbar. Weiter so! 👏",
            "Alles korrekt. Die Begründung dürfte etwas ausführlicher sein.",
        ),
    },
    "fair": {
        "en": (
            "Works for the examples, but an empty input ends in an error. You may hand it in again.",
            "The idea is right; the second loop makes it quadratic. Can you do without?",
            "Good start. Two tests still fail, see the report.",
        ),
        "de": (
            "Der Ansatz stimmt, aber bei leerer Eingabe bricht das Programm ab.",
            "Größtenteils richtig. Bitte die Randfälle noch einmal ansehen.",
            "Läuft, ist aber schwer zu lesen: Bitte in kleinere Funktionen teilen.",
        ),
    },
    "poor": {
        "en": (
            "Most tests fail. Come to the tutorial and we will go through it together.",
            "This does not solve the task yet: it prints one example instead of computing it.",
        ),
        "de": (
            "Leider noch nicht lauffähig. Kommen Sie gerne in die Sprechstunde.",
            "Bitte noch einmal überarbeiten: Es fehlt der zweite Teil der Aufgabe.",
        ),
    },
}

REVIEWS: Words = {
    "en": (
        "I like how you split this up. Why not use a set for what was seen already?",
        "Hard to follow without comments, but it passes all of my own cases.",
        "Same idea as ours, only shorter!\nLine 14 could be an early return.",
        "読みやすいです。 Variable `tmp2` deserves a name, though.",
    ),
    "de": (
        "Gut lesbar. In Zeile 23 reicht ein einfacher Vergleich.",
        "Bei mir schlägt der Test mit Umlauten fehl — liegt das an der Kodierung?",
        "Elegant! Das hätte ich nicht so kurz hinbekommen.",
        "Пояснення в коментарях дуже допомогли, danke!",
    ),
}

COMMENTS: Words = {
    "en": (
        "Asked for more time because of an illness; certificate received.",
        "Very active in the tutorial, could become a tutor next year.",
        "Worked alone so far; was told about the team projects.",
        "Second attempt at this course.",
        "Speaks at eye level with everybody. شكرًا for the help with the projector.",
    ),
    "de": (
        "Hat um Fristverlängerung gebeten (Krankheit), Attest liegt vor.",
        "Sehr engagiert, käme als Tutor*in infrage.",
        "War zweimal nicht da, bitte nachfragen.",
        "Wiederholt die Lehrveranstaltung.",
        "Braucht für die Prüfung einen Raum ohne Stufen.",
    ),
}

# A title and a text each.
GLOBAL = (
    ("Maintenance on Sunday", "The platform is down on Sunday from 06:00 to 08:00.\nAm Sonntag ab 6 Uhr gewartet."),
    ("Neue Testumgebung", "Python-Aufgaben laufen jetzt mit Python 3.14. Python assignments now run on Python 3.14."),
    ("Season's greetings ❄️", "Frohe Feiertage! Καλές γιορτές! З прийдешніми святами! 良いお年を！"),
)
PLACES: Words = {
    "organization": (
        "Please register for exams by Friday; late requests cannot be considered.",
        "Die Bibliothek öffnet in der Prüfungszeit schon um sieben.",
        "The building stays open until midnight in the last week of teaching.",
    ),
    "course_family": (
        "Materials of former years are in the repository of examples now.",
        "Ab dem nächsten Semester gibt es zu jeder Aufgabe ein Video.",
    ),
}

ANNOUNCEMENTS: dict[str, tuple[tuple[str, str], ...]] = {
    "en": (
        ("Welcome!", "Hello everybody, nice to see so many of you. Find your group and the first assignment here."),
        ("Next week online", "I am at a conference: the lecture on Tuesday is a video, the tutorials take place."),
        ("About the exam", "It is written on a computer, with the tests of the exercises. Bring your student card."),
        ("Results of the survey", "You asked for more examples: there are more. Thank you! ありがとうございます。"),
    ),
    "de": (
        ("Willkommen!", "Schön, dass Sie da sind. Gruppen und die erste Aufgabe finden Sie hier."),
        ("Vorlesung entfällt", "Am Donnerstag bin ich auf Dienstreise, die Übungen finden statt."),
        ("Zur Klausur", "Geschrieben wird am Rechner, mit den Tests der Übungen. Studierendenausweis mitbringen!"),
        ("Evaluierung", "Danke für 34 Rückmeldungen. Ab jetzt gibt es jede Woche ein Beispiel vorab. 🎉"),
    ),
}
HINTS: dict[str, tuple[str, str]] = {
    "en": ("A hint on “{}”", "The third test needs more than it seems: think of an empty input first."),
    "de": ("Hinweis zu „{}“", "Der dritte Test verlangt mehr, als es scheint: Denken Sie an die leere Eingabe."),
}
GROUP_NEWS: dict[str, tuple[str, str]] = {
    "en": ("Another room", "This week we meet in the seminar room on the second floor."),
    "de": ("Raumänderung", "Diese Woche treffen wir uns im Seminarraum im zweiten Stock."),
}
# Question, answer and thanks.
THREADS: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "en": (
        (
            "Test does not end",
            "Our program runs forever with `large_input`. Are we allowed to use a table?",
            "You are. Look at what is computed twice.",
            "Ah! Ten seconds became 40 ms. Thanks!",
        ),
        (
            "Different results",
            "On my machine all tests pass, here two fail. What is different?",
            "The tests run under Linux: file names differ in upper and lower case there.",
            "That was it, σας ευχαριστώ.",
        ),
    ),
    "de": (
        (
            "Frist",
            "Zählt der Upload von 23:59 noch, obwohl der Test erst nach Mitternacht fertig war?",
            "Ja, es zählt der Zeitpunkt des Uploads.",
            "Super, danke!",
        ),
        (
            "Umlaute",
            "Der Test „unicode“ schlägt fehl, obwohl die Ausgabe gleich aussieht (ä ≠ ä?).",
            "Ein ä kann aus zwei Zeichen bestehen: Sehen Sie sich Normalformen an.",
            "Verstanden — teşekkürler!",
        ),
    ),
}
TO_MEMBER: dict[str, tuple[str, str, str]] = {
    "en": ("Your repository", "I cannot open it; is it private?", "It was, now you should see it."),
    "de": ("Ihr Antrag", "Die Anrechnung aus dem Vorjahr ist bewilligt.", "Vielen Dank für die schnelle Antwort!"),
}
TO_USER: dict[str, tuple[str, str, str]] = {
    "en": ("Team for the project?", "Do you have a team already? We are two.", "Not yet, count me in! 👍"),
    "de": ("Mitschrift", "Kannst du mir die Mitschrift von gestern schicken?", "Klar, liegt im Ordner der Gruppe."),
}
DELETED = ("Deleted", "This message was deleted by its author.")

"""What is taught: course families, their chapters and their assignments."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Language = Literal["de", "en"]


@dataclass(frozen=True)
class Chapter:
    """A part of a course, with four assignments in the order in which they are given."""

    title: str
    assignments: tuple[str, ...]


@dataclass(frozen=True)
class Syllabus:
    """A course family. `organization` is a path; `runner` is the slug of the backend that tests its assignments."""

    path: str
    title: str
    language: Language
    organization: str
    runner: str
    description: str | None
    chapters: tuple[Chapter, ...]


def label(title: str) -> str:
    """A title as a label of a course content's path."""
    plain = title.lower().replace("ß", "ss")
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub("[^a-z0-9]+", "_", plain).strip("_")


def _chapters(text: str) -> tuple[Chapter, ...]:
    # A line for each chapter: "Title: assignment; assignment".
    lines = (line.split(": ") for line in text.strip().splitlines())
    return tuple(Chapter(title.strip(), tuple(assignments.split("; "))) for title, assignments in lines)


SYLLABI = (
    Syllabus(
        "programming_1",
        "Programming 1",
        "en",
        "lindental.informatics",
        "python-3",
        "From the first line to small programs that others can read. No previous knowledge is needed.",
        _chapters("""
            First steps: Hello, world; Temperature table; Leap years; Guess the number
            Collections: Word count; Anagrams; Matrix transpose; Phone book
            Functions and modules: Greatest common divisor; Caesar cipher; Recursive folders; A calendar
            Objects: Bank account; Vending machine; Chess moves; Text adventure
        """),
    ),
    Syllabus(
        "algorithms",
        "Algorithms and Data Structures",
        "en",
        "lindental.informatics",
        "java-21",
        "Sorting, searching, graphs, and how to argue about time and space.",
        _chapters("""
            Sorting: Insertion sort; Merge sort; Radix sort; Sorting in place
            Trees: Binary search tree; Red-black tree; Interval tree; Huffman code
            Graphs: Breadth-first search; Dijkstra's shortest paths; Minimum spanning tree; Maximum flow
            Hard problems: Knapsack; Travelling salesperson; SAT by backtracking; Approximate vertex cover
        """),
    ),
    Syllabus(
        "databases",
        "Datenbanken",
        "de",
        "lindental.informatics.information_systems",
        "python-3",
        "Relationen, SQL, Entwurf und Transaktionen. Übungen auf einem echten System.",
        _chapters("""
            Relationen: Bibliothek modellieren; Schlüssel finden; Relationale Algebra; Von der Tabelle zum Graphen
            SQL: Erste Abfragen; Verbünde; Gruppen und Fenster; Rekursive Anfragen
            Entwurf: Dritte Normalform; Sichten; Prüfbedingungen; Schema einer Universität
            Transaktionen: Sperren; Verlorene Änderungen; Ein B-Baum; Wiederherstellung
        """),
    ),
    Syllabus(
        "numerics",
        "Numerische Mathematik",
        "de",
        "lindental.mathematics",
        "octave-9",
        None,
        _chapters("""
            Gleitkommazahlen: Auslöschung; Maschinengenauigkeit; Summieren nach Kahan; Kondition
            Lineare Gleichungen: LR-Zerlegung; Cholesky-Verfahren; Jacobi und Gauß-Seidel; Dünn besetzte Matrizen
            Nullstellen: Bisektion; Newton-Verfahren; Fixpunkte; Regula falsi
            Differentialgleichungen: Euler-Verfahren; Runge-Kutta; Steife Gleichungen; Das Dreikörperproblem
        """),
    ),
    Syllabus(
        "operating_systems",
        "Operating Systems",
        "en",
        "lindental.informatics",
        "c-17",
        "Processes, memory and files, in C.",
        _chapters("""
            Processes: A small shell; Signals; Pipes; Zombies
            Scheduling: Round robin; Priority inversion; Fair shares; Deadlines
            Memory: Page tables; A memory allocator; Copy on write; Least recently used
            Files: A directory walker; FAT in a file; Journals; Who holds the lock?
        """),
    ),
    Syllabus(
        "web",
        "Web-Technologien",
        "de",
        "lindental.informatics.information_systems",
        "node-22",
        "Vom Hypertext zur Anwendung: Server, Schnittstellen und Oberflächen.",
        _chapters("""
            Dokumente: Lebenslauf in HTML; Raster mit CSS; Barrierefreiheit; Ein Formular
            Server: Statische Dateien; Sitzungen; REST; GraphQL
            Oberflächen: Aufgabenliste; Live-Suche; Diagramme; Offline
            Sicherheit: Cross-Site-Scripting; Anmelden mit Passkeys; Content Security Policy; Ratenbegrenzung
        """),
    ),
    Syllabus(
        "summer_school",
        "Summer School: Data Science for Everyone",
        "en",
        "summer_school",
        "python-3",
        "Two weeks, no grades, one dataset. Öffnet für alle. Ouvert à tous.",
        _chapters("""
            Reading data: Comma-separated trouble; Dates of many kinds; Missing values; Encodings
            Seeing data: A good histogram; Maps; Colours for everyone; Lies with axes
            Models: A straight line; Decision trees; Nearest neighbours; Cross-validation
            Stories: A notebook; Bike counters; Noise in the city; The poster
        """),
    ),
    Syllabus(
        "physics_lab",
        "Computerphysik",
        "de",
        "lindental.physics",
        "octave-9",
        "Simulieren statt rechnen.",
        _chapters("""
            Mechanik: Schiefer Wurf; Doppelpendel; Planetenbahnen; Kugelstoßpendel
            Zufall: Irrfahrt; Buffons Nadel; Radioaktiver Zerfall; Ising-Modell
            Felder: Wärmeleitung; Wellen auf der Trommel; Poisson-Gleichung; Stromlinien
            Quanten: Potentialtopf; Tunneleffekt; Wasserstoff; Spin-Echo
        """),
    ),
    Syllabus(
        "functional",
        "Functional Programming",
        "en",
        "lindental.informatics",
        "haskell-9",
        None,
        _chapters("""
            Expressions: Lists by hand; Folding; Laziness; Primes without end
            Types: Trees of anything; Type classes; Zippers; Phantom types
            Effects: Maybe; State; Parsers; A dice game
            Proofs: Equational reasoning; Properties for QuickCheck; Induction; Fusion
        """),
    ),
    Syllabus(
        "machine_learning",
        "Maschinelles Lernen",
        "de",
        "lindental.mathematics.statistics",
        "python-3",
        "Statistik zuerst, Netze danach.",
        _chapters("""
            Grundlagen: Lineare Regression; Logistische Regression; Bias und Varianz; Kreuzvalidierung
            Bäume: Entscheidungsbaum; Zufallswald; Boosting; Wichtige Merkmale
            Netze: Ein Perzeptron; Rückwärtsrechnung; Faltung; Aufmerksamkeit
            Ohne Aufsicht: K-Means; Hauptkomponenten; Dichten schätzen; Anomalien
        """),
    ),
)

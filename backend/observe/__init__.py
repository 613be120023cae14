"""What is noted of a request while it is answered, and what becomes of it: a line in the log, figures, spans.

Whatever answers requests notes it in `observed()`; nothing of what it notes are values of variables or rows.
"""

from backend.observe.observation import Exchange, Observation, Observing, observed

__all__ = ["Exchange", "Observation", "Observing", "observed"]

"""How far an article can be trusted, from what came of it and not from opinions.

The confidence is the lower end of Wilson's 95 % interval for the share of outcomes that were good:
with ``s`` good ones of ``n``, ``p = s / n`` and ``z = 1.96``,

    (p + z²/2n - z · sqrt(p(1 - p)/n + z²/4n²)) / (1 + z²/n)

(E. B. Wilson, 1927). Few outcomes give little confidence whatever they were. Coming back within 7 days undoes a
"solved": it counts as one bad outcome and takes the good one away.
"""

from dataclasses import dataclass
from math import sqrt

Z = 1.96


@dataclass(frozen=True)
class Usage:
    """What is known of one article: how often it was read, and what came of it."""

    views: int = 0
    # Different people of each day, added up.
    readers: int = 0
    solved: int = 0
    not_solved: int = 0
    came_back: int = 0
    linked: int = 0

    @property
    def good(self) -> int:
        return max(0, self.solved - self.came_back)

    @property
    def judged(self) -> int:
        return self.good + self.not_solved + self.came_back

    @property
    def success_rate(self) -> float | None:
        """The share of good outcomes, None when nothing is known."""
        return self.good / self.judged if self.judged else None

    @property
    def confidence(self) -> float:
        """Between 0 and 1; 0 when nothing is known."""
        return wilson_lower(self.good, self.judged)


def wilson_lower(good: int, total: int) -> float:
    """Return the lower end of Wilson's 95 % interval for ``good`` of ``total``; 0 when there is nothing good."""
    if total <= 0 or good <= 0:
        return 0.0
    share = good / total
    middle = share + Z * Z / (2 * total)
    spread = Z * sqrt(share * (1 - share) / total + Z * Z / (4 * total * total))
    return max(0.0, (middle - spread) / (1 + Z * Z / total))

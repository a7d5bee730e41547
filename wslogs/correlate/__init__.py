"""events -> attempts: one sighting of a try in each tier, clocks aligned, sightings joined one to one."""

from wslogs.correlate.attempts import correlate

__all__ = ["correlate"]

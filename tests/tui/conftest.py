"""Pilots look more often whether a screen is idle: their tests wait, they do not work."""

import textual._wait

textual._wait.SLEEP_GRANULARITY = 1 / 250
textual._wait.SLEEP_IDLE = 1 / 500

"""How the daemon is after hours: many streams at real speed, then days of audio as fast as it goes."""

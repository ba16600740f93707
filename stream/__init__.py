"""From a microphone to a socket: capture, windows, voice activity, log-mel, model, decision, publication."""

"""Where messages go: the ZeroMQ publisher, the terminal, files."""

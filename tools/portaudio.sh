#!/usr/bin/env bash
# See to the PortAudio library, which microphones need: install it as root, ask before sudo, else say how.
# Never fails: recordings, standard input and the demo work without it.
set -u
python=${1:-python3}
"$python" -c 'import sounddevice' 2>/dev/null && exit 0

command="apt-get install -y libportaudio2"
if ! command -v apt-get >/dev/null; then
  echo "PortAudio is missing, so microphones cannot be used: install it with your package manager (portaudio)"
elif [ "$(id -u)" = 0 ]; then
  echo "installing PortAudio ($command)"
  { apt-get update -qq && DEBIAN_FRONTEND=noninteractive $command -qq; } >/dev/null || echo "that failed: run it by hand; files and the demo work without"
elif command -v sudo >/dev/null && [ -t 0 ]; then
  read -r -p "PortAudio is missing. Run 'sudo $command' now? [y/N] " answer
  if [ "$answer" = y ]; then
    sudo $command || echo "that failed; files and the demo work without"
  else
    echo "later, for microphones: sudo $command"
  fi
else
  echo "PortAudio is missing, so microphones cannot be used: sudo $command"
fi
exit 0

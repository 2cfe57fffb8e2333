#!/bin/sh
# Runs workerd in the place of this shell, and ends it when the process that started it is gone:
# a killed emulator must not leave a second writer on the world's databases.
parent=$PPID
self=$$
(
  while kill -0 "$parent" && kill -0 "$self"; do sleep 0.25; done
  kill -9 "$self"
) </dev/null >/dev/null 2>&1 3>&- &
exec "$REHEARSAL_WORKERD" "$@"

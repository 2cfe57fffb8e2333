#!/bin/sh
# Runs workerd in the place of this shell, and ends it when the process that started it is gone:
# a killed emulator must not leave a second writer on the world's databases.
parent=$PPID
# Where the kernel sees to it, nobody has to look again and again; only that the parent was not gone before.
if command -v setpriv >/dev/null; then
  # shellcheck disable=SC2016 # the inner shell's
  exec setpriv --pdeathsig KILL sh -c '[ "$PPID" = "$0" ] && exec "$REHEARSAL_WORKERD" "$@"' "$parent" "$@"
fi
self=$$
(
  while kill -0 "$parent" && kill -0 "$self"; do sleep 0.25; done
  kill -9 "$self"
) </dev/null >/dev/null 2>&1 3>&- &
exec "$REHEARSAL_WORKERD" "$@"

#!/usr/bin/env bash
# Prints every uplink with subject, headers and payload. Processes of one group share the uplinks; a group goes on where
# it stopped. The nats command takes servers and credentials from its context or NATS_URL, NATS_CREDS, …
set -euo pipefail

group=nats-cli-example product='*' device='*' kind='*'

# In subjects, bytes of keys outside [A-Za-z0-9_-] are written =HH.
token() {
  local LC_ALL=C key=$1 i
  for ((i = 0; i < ${#key}; i++)); do
    case ${key:i:1} in
      [A-Za-z0-9_-]) printf %s "${key:i:1}" ;;
      *) printf '=%02X' "'${key:i:1}" ;;
    esac
  done
}

while (($# > 0)); do
  case $1 in
    --group) group=${2:?} ;;
    --product) product=$(token "${2:?}") ;;
    --device) device=$(token "${2:?}") ;;
    --kind) kind=${2:?} ;;
    *) echo "unknown: $1; --group NAME --product KEY --device KEY --kind KIND" >&2; exit 2 ;;
  esac
  shift 2
done
filter="roost.uplink.$product.$device.$kind"

# The group's durable consumer, created by the first process of it; to add it with another filter would change the group's.
# No pipes: grep -q ends at its first match, and under pipefail the nats command's SIGPIPE would read as "no match".
groups=$(nats consumer ls UPLINK --names)
if grep -qxF "$group" <<<"$groups"; then
  info=$(nats consumer info UPLINK "$group" --json)
  if ! grep -qF "\"filter_subject\": \"$filter\"" <<<"$info"; then
    echo "the group $group does not read $filter: take another name" >&2
    exit 1
  fi
else
  nats consumer add UPLINK "$group" --filter "$filter" --pull --deliver all --ack explicit --defaults >/dev/null
fi

# Acknowledges what it printed. A pipe into another program loses what that one had not read when it died: an application
# that must not lose anything acknowledges by itself, as the other examples do.
while true; do
  nats consumer next UPLINK "$group" --count 1000000 --timeout 5s 2>/dev/null || sleep 0.1
done

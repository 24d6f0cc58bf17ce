#!/usr/bin/env bash
# Prints every uplink with subject, headers and payload. Processes of one group share the uplinks; a group goes on where
# it stopped. The nats command takes servers and credentials from its context or NATS_URL, NATS_CREDS, …
set -euo pipefail

group=nats-cli-example product='' device='' kind=''

# As a JSON string: quotes and backslashes of keys are escaped.
string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

while (($# > 0)); do
  case $1 in
    --group) group=${2:?} ;;
    --product) product=${2:?} ;;
    --device) device=${2:?} ;;
    --kind) kind=${2:?} ;;
    *) echo "unknown: $1; --group NAME --product KEY --device KEY --kind KIND" >&2; exit 2 ;;
  esac
  shift 2
done

# The group's durable consumer. Roost makes it: applications may read streams, and nothing else of JetStream.
wanted="{\"stream\":\"UPLINK\",\"consumer\":$(string "$group")"
[ -z "$product" ] || wanted+=",\"productKey\":$(string "$product")"
[ -z "$device" ] || wanted+=",\"deviceKey\":$(string "$device")"
[ -z "$kind" ] || wanted+=",\"kind\":$(string "$kind")"
reply=$(nats request roost.application.consumer "$wanted}" --raw --timeout 5s)
if [[ $reply != *'"_tag":"Ready"'* ]]; then
  echo "$reply" >&2
  exit 1
fi

# Acknowledges what it printed. A pipe into another program loses what that one had not read when it died: an application
# that must not lose anything acknowledges by itself, as the other examples do.
while true; do
  nats --js-api-prefix ROOST.API consumer next UPLINK "$group" --count 1000000 --timeout 5s 2>/dev/null || sleep 0.1
done

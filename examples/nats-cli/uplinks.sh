#!/usr/bin/env bash
# Prints every uplink with subject, headers and payload. Processes of one group share the uplinks; a group goes on where
# it stopped. The nats command takes servers and credentials from its context or NATS_URL, NATS_CREDS, …
set -euo pipefail

usage='Prints every uplink with subject, headers and payload, until Ctrl-C.
Processes of one group share the uplinks; a group goes on where it stopped.

  --group NAME   (nats-cli-example)
  --product KEY  --device KEY
  --kind KIND    measurepoint, event, attribute, tag, raw, ota, log, network or other

NATS_URL says where (nats://127.0.0.1:4222), NATS_USER and NATS_PASSWORD who.'
where=${NATS_URL:-nats://127.0.0.1:4222}
group=nats-cli-example product='' device='' kind=''

# As a JSON string: quotes and backslashes of keys are escaped.
string() {
  local text=${1//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

while (($# > 0)); do
  case $1 in
    --help) echo "$usage"; exit ;;
    --group) group=${2:?--group needs a value} ;;
    --product) product=${2:?--product needs a value} ;;
    --device) device=${2:?--device needs a value} ;;
    --kind) kind=${2:?--kind needs a value} ;;
    *) echo "unknown: $1; --help says what there is" >&2; exit 2 ;;
  esac
  shift 2
done

# The group's durable consumer. Roost makes it: applications may read streams, and nothing else of JetStream.
wanted="{\"stream\":\"UPLINK\",\"consumer\":$(string "$group")"
[ -z "$product" ] || wanted+=",\"productKey\":$(string "$product")"
[ -z "$device" ] || wanted+=",\"deviceKey\":$(string "$device")"
[ -z "$kind" ] || wanted+=",\"kind\":$(string "$kind")"
command -v nats >/dev/null || { echo 'no command nats: go install github.com/nats-io/natscli/nats@v0.5.0' >&2; exit 1; }
if ! reply=$(nats request roost.application.consumer "$wanted}" --raw --timeout 5s 2>&1); then
  echo "no Roost answers at $where: $reply. Is it running? NATS_URL says another address." >&2
  exit 1
fi
if [[ $reply != *'"_tag":"Ready"'* ]]; then
  echo "$reply" >&2
  exit 1
fi

# Acknowledges what it printed. A pipe into another program loses what that one had not read when it died: an application
# that must not lose anything acknowledges by itself, as the other examples do.
while true; do
  nats --js-api-prefix ROOST.API consumer next UPLINK "$group" --count 1000000 --timeout 5s 2>/dev/null || sleep 0.1
done

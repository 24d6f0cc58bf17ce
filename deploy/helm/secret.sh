#!/bin/sh
# The secret of the chart, out of the files that deploy/newSecrets.sh wrote: secret.sh FOLDER [NAME] | kubectl apply -f -
set -eu
folder=${1:?secret.sh FOLDER [NAME]}
name=${2:-roost}
printf 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\ntype: Opaque\nstringData:\n' "$name"
{
  sed -n 's/^ROOST_\(NATS_PASSWORD_[A-Z_]*\)=/\1=/p' "$folder/nats-server.env"
  grep -hE '^(ROOST_(CLUSTER|REGISTRY|ROUTING)_KEY(_PREVIOUS)?|ROOST_API_TOKEN(_PREVIOUS)?|ROOST_OIDC_CLIENT_SECRET|ROOST_OTLP_HEADERS|DATABASE_URL)=' \
    "$folder/registry.env" "$folder/session-actors.env" "$folder/udp-edge.env"
} | sort -u | sed "s/'/''/g; s/^\([A-Z_]*\)=\(.*\)/  \1: '\2'/"

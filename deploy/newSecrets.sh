#!/bin/sh
# Writes what nats-server and each app need to run on one machine into FOLDER, one file of variables each: keys, passwords and the
# API token are new. A file that is there already stays as it is. Copy FOLDER to the other machines, and set NATS_URL in it.
set -eu
folder=${1:?newSecrets.sh FOLDER, such as /etc/roost}
umask 077
mkdir -p "$folder"

key() { openssl rand -hex 32; }
# Begins with a letter: nats-server reads 12k as a number.
password() { printf 'p%s\n' "$(openssl rand -hex 16)"; }
# The file of what it is for; variables come on stdin.
file() {
  if [ -e "$folder/$1.env" ]; then
    cat >/dev/null
    echo "$folder/$1.env stays as it is"
  else
    cat >"$folder/$1.env"
    echo "$folder/$1.env"
  fi
}

udp_edge=$(password) session_actors=$(password) registry=$(password) downlink_queue=$(password) sinks=$(password)
admin=$(password) system=$(password) application=$(password)
cluster_key=$(key) token=$(key)
url=${NATS_URL:-nats://127.0.0.1:4222}
store=${ROOST_NATS_STORE_DIR:-/var/lib/nats}
# 70 % of the disk that will have the streams.
mkdir -p "$store"
bytes=$(($(df -B1 --output=size "$store" | tail -1) / 10 * 7))

file nats-server <<END
ROOST_NATS_STORE_DIR=$store
ROOST_NATS_FILE_STORE=$bytes
ROOST_NATS_PASSWORD_UDP_EDGE=$udp_edge
ROOST_NATS_PASSWORD_SESSION_ACTORS=$session_actors
ROOST_NATS_PASSWORD_REGISTRY=$registry
ROOST_NATS_PASSWORD_DOWNLINK_QUEUE=$downlink_queue
ROOST_NATS_PASSWORD_SINKS=$sinks
ROOST_NATS_PASSWORD_ADMIN=$admin
ROOST_NATS_PASSWORD_SYSTEM=$system
ROOST_NATS_PASSWORD_APPLICATION=$application
ROOST_NATS_PASSWORD_CLUSTER=$(password)
END
file udp-edge <<END
NATS_URL=$url
NATS_USER=udp-edge
NATS_PASSWORD=$udp_edge
ROOST_ROUTING_KEY=$(key)
END
file session-actors <<END
NATS_URL=$url
NATS_USER=session-actors
NATS_PASSWORD=$session_actors
ROOST_CLUSTER_KEY=$cluster_key
END
file registry <<END
NATS_URL=$url
NATS_USER=registry
NATS_PASSWORD=$registry
ROOST_NATS_ADMIN_USER=admin
ROOST_NATS_ADMIN_PASSWORD=$admin
ROOST_NATS_SYSTEM_USER=system
ROOST_NATS_SYSTEM_PASSWORD=$system
ROOST_NATS_FILE_STORE=$bytes
ROOST_CLUSTER_KEY=$cluster_key
ROOST_REGISTRY_KEY=$(key)
ROOST_API_TOKEN=$token
ROOST_DATA_DIR=${ROOST_DATA_DIR:-/var/lib/roost}
END
file sinks <<END
NATS_URL=$url
NATS_USER=sinks
NATS_PASSWORD=$sinks
ROOST_CLUSTER_KEY=$cluster_key
END
file downlink-queue <<END
NATS_URL=$url
NATS_USER=downlink-queue
NATS_PASSWORD=$downlink_queue
ROOST_API_TOKEN=$token
END

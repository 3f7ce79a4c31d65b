#!/bin/sh
# Starts a data pod as what the sentinels say it is. It waits for their majority: it never decides by itself.
set -eu
. "$(dirname "$0")/common.sh"
RUN=${RUN:-/run/redis}
eval "self=\$REDIS_${ORDINAL}_SERVICE_HOST"

has_data() { [ -d "$DATA/appendonlydir" ] || [ -s "$DATA/dump.rdb" ]; }

peer_has_data() {
  for peer in $REDIS_HOSTS; do
    [ "$peer" = "$self" ] && continue
    case $(ask "$peer" 6379 DBSIZE) in '' | 0 | *[!0-9]*) ;; *) return 0 ;; esac
  done
  return 1
}

# How many sentinels hold the master for down, or are failing over.
down_votes() {
  votes=0
  for sentinel in $SENTINEL_HOSTS; do
    flags=$(ask "$sentinel" 26379 SENTINEL MASTER "$MASTER_NAME" | sed -n '/^flags$/{n;p;}')
    case $flags in *o_down* | *failover_in_progress*) votes=$((votes + 1)) ;; esac
  done
  echo "$votes"
}

# wait_for_other_master SECONDS: prints it, if one is agreed on in time.
wait_for_other_master() {
  for _ in $(seq "$1"); do
    other=$(agreed_master)
    if [ -n "$other" ] && [ "$other" != "$self" ]; then
      echo "$other"
      return
    fi
    sleep 1
  done
}

waited=0
until master=$(agreed_master) && [ -n "$master" ]; do
  [ "$waited" -ge 300 ] && log "no majority of sentinels within 5 minutes" && exit 1
  waited=$((waited + 2))
  sleep 2
done

if [ "$master" = "$self" ] && ! has_data && peer_has_data; then
  log "master by name, but the volume is empty and a replica holds data: handing over"
  ask_for_failover || true
  master=$(wait_for_other_master 60)
  [ -n "$master" ] || { log "the failover did not happen"; exit 1; }
elif [ "$master" = "$self" ] && has_data && [ "$(down_votes)" -ge "$QUORUM" ]; then
  log "the sentinels are failing over: giving them a moment to finish"
  other=$(wait_for_other_master 20)
  master=${other:-$self}
fi

umask 077
mkdir -p "$RUN"
{
  cat "$CONFIG/redis.conf"
  echo "dir $DATA"
  echo "maxmemory ${MAXMEMORY:-0}"
  echo "min-replicas-to-write ${MIN_REPLICAS_TO_WRITE:-0}"
  echo "replica-announce-ip $self"
  echo "replica-announce-port 6379"
  echo "masterauth $ADMIN"
  user default "$ADMIN" '~* &* +@all'
  user app "$APP" '~* &* +@all -@admin -@dangerous +info +keys'
  [ "$master" = "$self" ] || echo "replicaof $master 6379"
} > "$RUN/redis.conf"
log "starting; the master is $master, this is $self"
exec redis-server "$RUN/redis.conf"

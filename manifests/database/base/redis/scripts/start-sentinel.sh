#!/bin/sh
# Starts a sentinel with what it learnt before, or with what the others know.
set -eu
. "$(dirname "$0")/common.sh"
eval "self=\$REDIS_SENTINEL_${ORDINAL}_SERVICE_HOST"
state=$DATA/sentinel.conf

known_master() {
  for sentinel in $SENTINEL_HOSTS; do
    [ "$sentinel" = "$self" ] && continue
    master=$(master_by "$sentinel")
    is_address "$master" && echo "$master" && return
  done
  for redis in $REDIS_HOSTS; do
    [ "$(role "$redis")" = master ] && echo "$redis" && return
  done
  echo "$REDIS_0_SERVICE_HOST"
}

# Replicas, sentinels and epochs are kept; everything that is ours is written anew.
if learnt=$(grep -E "^sentinel (monitor|config-epoch|leader-epoch|current-epoch|known-replica|known-sentinel) " "$state" 2>/dev/null) &&
  echo "$learnt" | grep -q "^sentinel monitor $MASTER_NAME "; then
  log "resuming with $(echo "$learnt" | grep '^sentinel monitor')"
else
  learnt="sentinel monitor $MASTER_NAME $(known_master) 6379 $QUORUM"
  log "beginning with $learnt"
fi

umask 077
{
  cat "$CONFIG/sentinel.conf"
  echo "dir $DATA"
  echo "requirepass $ADMIN"
  # Clients may ask where the master is, and be told when it changes.
  user app "$APP" '&* -@all +@connection +ping +info +role +subscribe +psubscribe +unsubscribe +punsubscribe +sentinel|get-master-addr-by-name +sentinel|master +sentinel|masters +sentinel|replicas +sentinel|slaves +sentinel|sentinels'
  # The same id after each restart: otherwise the others would count a sentinel twice, and lose the quorum.
  echo "sentinel myid $(printf %s "$POD_NAME" | sha1sum | cut -c 1-40)"
  echo "sentinel announce-ip $self"
  echo "sentinel announce-port 26379"
  echo "$learnt" | grep '^sentinel monitor'
  echo "sentinel auth-pass $MASTER_NAME $ADMIN"
  echo "sentinel down-after-milliseconds $MASTER_NAME 5000"
  # A failed attempt blocks the next for twice this long.
  echo "sentinel failover-timeout $MASTER_NAME 15000"
  echo "sentinel parallel-syncs $MASTER_NAME 1"
  echo "$learnt" | grep -v '^sentinel monitor' || true
} > "$state.new"
mv "$state.new" "$state"
exec redis-server "$state" --sentinel

# Sourced by the other scripts. Addresses are those of the Services, one for each pod, which the kubelet
# puts into the environment: nothing here asks DNS, whose trouble would hold up a failover.
MASTER_NAME=${MASTER_NAME:-main}
QUORUM=${QUORUM:-2}
PASSWORDS=${PASSWORDS:-/etc/redis-passwords}
CONFIG=${CONFIG:-/etc/redis}
DATA=${DATA:-/data}
LOCAL=${LOCAL:-127.0.0.1}
ORDINAL=${POD_NAME##*-}
REDIS_HOSTS="$REDIS_0_SERVICE_HOST $REDIS_1_SERVICE_HOST $REDIS_2_SERVICE_HOST"
SENTINEL_HOSTS="$REDIS_SENTINEL_0_SERVICE_HOST $REDIS_SENTINEL_1_SERVICE_HOST $REDIS_SENTINEL_2_SERVICE_HOST"
ADMIN=$(cat "$PASSWORDS/admin")
APP=$(cat "$PASSWORDS/app")
export REDISCLI_AUTH="$ADMIN"

log() { echo "$(basename "$0"): $*"; }

# ask HOST PORT COMMAND...: the answer, or nothing.
ask() {
  host=$1 port=$2
  shift 2
  timeout 3 redis-cli -h "$host" -p "$port" --no-auth-warning "$@" 2>/dev/null || true
}

role() { ask "$1" 6379 ROLE | head -n 1; }

is_address() { echo "$1" | grep -Eq '^[0-9a-fA-F.:]+$'; }

master_by() { ask "$1" 26379 SENTINEL GET-MASTER-ADDR-BY-NAME "$MASTER_NAME" | head -n 1; }

# The master that a majority of the sentinels agree on, or nothing.
agreed_master() {
  for sentinel in $SENTINEL_HOSTS; do master_by "$sentinel"; done |
    grep -E '^[0-9a-fA-F.:]+$' | sort | uniq -c | awk -v quorum="$QUORUM" '$1 >= quorum { print $2; exit }'
}

# Asks one sentinel after the other until one starts a failover.
ask_for_failover() {
  for sentinel in $SENTINEL_HOSTS; do
    answer=$(ask "$sentinel" 26379 SENTINEL FAILOVER "$MASTER_NAME")
    log "failover asked of $sentinel: ${answer:-no answer}"
    case $answer in OK*) return 0 ;; esac
  done
  return 1
}

# user NAME PASSWORD RULES...: a line of an access list; the password is only there as its hash.
user() {
  name=$1 hash=$(printf %s "$2" | sha256sum | cut -d ' ' -f 1)
  shift 2
  echo "user $name on #$hash $*"
}

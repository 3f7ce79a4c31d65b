#!/bin/sh
# Before a data pod stops: if it is the master, another one becomes it.
. "$(dirname "$0")/common.sh"
for second in $(seq 0 44); do
  state=$(ask "$LOCAL" 6379 INFO replication)
  echo "$state" | grep -q '^role:master' || exit 0
  echo "$state" | grep -q '^connected_slaves:0' && exit 0
  # A sentinel may refuse for a moment, or agree without effect: ask again.
  [ $((second % 5)) -eq 0 ] && ask_for_failover
  sleep 1
done

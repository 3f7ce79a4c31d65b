#!/bin/sh
# Ready is a master, or a replica that is in step with its master: so an update waits for each pod's data.
. "$(dirname "$0")/common.sh"
state=$(ask "$LOCAL" 6379 INFO replication)
echo "$state" | grep -q '^role:master' && exit 0
echo "$state" | grep -q '^master_link_status:up' && echo "$state" | grep -q '^master_sync_in_progress:0'

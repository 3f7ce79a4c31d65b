#!/bin/sh
# Alive is what answers, also while it loads its data or has lost its master.
. "$(dirname "$0")/common.sh"
case $(ask "$LOCAL" "${1:-6379}" PING) in PONG* | LOADING* | MASTERDOWN*) exit 0 ;; esac
exit 1

#!/bin/sh
# At each start, since pgAdmin itself copies the file only at its very first, and passwords are rotated.
set -eu
folder=/var/lib/pgadmin/storage/$(echo "$PGADMIN_DEFAULT_EMAIL" | tr @ _)
umask 077
mkdir -p "$folder"
cp /etc/pgadmin-pgpass/pgpass "$folder/.pgpass"

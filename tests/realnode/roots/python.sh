#!/usr/bin/env bash
# Packages of Python's registry, for Debian 12's Python, which finds them at /usr/local.
# Usage: python.sh FOLDER REQUIREMENT...
set -euo pipefail
folder=$1
shift
packages=$folder/usr/local/lib/python3.11/dist-packages
mkdir -p "$packages" "$folder/usr/local/bin"
python3 -m pip install --quiet --disable-pip-version-check --no-compile --root-user-action=ignore \
  --python-version 3.11 --only-binary=:all: --target "$packages" "$@"

# Their programs, with the Python of the image.
if [ -d "$packages/bin" ]; then
  for program in "$packages"/bin/*; do
    sed -i '1s|^#!.*|#!/usr/bin/python3|' "$program"
    install -m 0755 "$program" "$folder/usr/local/bin/"
  done
  rm -r "$packages/bin"
fi

# Descriptions of services that nothing here speaks of: four fifths of the image.
for data in "$packages"/{botocore,awscli,boto3}/data; do
  [ -d "$data" ] || continue
  find "$data" -mindepth 1 -maxdepth 1 -type d ! -name s3 ! -name secretsmanager ! -name sts -exec rm -r {} +
done
rm -rf "$packages/awscli/examples"
# Without these each start compiles everything, and the image is read-only.
/usr/bin/python3 -m compileall -q -j 1 "$packages" >/dev/null || true
chmod -R a+rX "$folder"

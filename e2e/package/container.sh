#!/bin/sh
# Boots a throwaway copy of this machine and runs proof.py in it with a package; says what it said and ends as it ended.
# usage, as root in a mount namespace of its own: container.sh FOLDER PACKAGE.deb
set -eu
here=$(dirname "$(realpath "$0")")
folder=$1
package=$2

# Everything that is written is in memory and gone with the namespace.
mount -t tmpfs tmpfs "$folder"
mkdir -p "$folder/written/proof" "$folder/written/etc/systemd/system" "$folder/work" "$folder/root"
cp "$package" "$folder/written/proof/parlor.deb"
cp "$here/proof.py" "$folder/written/proof/"
cat >"$folder/written/etc/systemd/system/package-proof.service" <<UNIT
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /proof/proof.py
StandardOutput=file:/proof/said
StandardError=inherit
UNIT
mount -t overlay overlay -o "lowerdir=/,upperdir=$folder/written,workdir=$folder/work" "$folder/root"
# Where images of machines forbid services to start, this one allows it.
rm -f "$folder/root/usr/sbin/policy-rc.d"

# Where systemd does not run there is nobody to ask for a unit.
unit=--keep-unit
[ ! -d /run/systemd/system ] || unit=
ended=0
timeout 180 systemd-nspawn --quiet --directory "$folder/root" --private-network --register=no $unit --link-journal=no --console=pipe \
    --boot systemd.unit=package-proof.service >"$folder/boot.log" 2>&1 || ended=$?
if ! cat "$folder/written/proof/said"; then
    echo "the container did not come so far:"
    tail -n 60 "$folder/boot.log"
    exit 1
fi
exit "$ended"

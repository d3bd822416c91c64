#!/bin/bash
# Runs a command on a computer of its own: namespaces in which nothing of the
# machine changes and everything ends with the command. Its /etc and /var are
# copies, /run is empty, and the programs of FOLDER/root and of FOLDER/NAME are
# there for each NAME in $LAB_MORE.
#   packaging/lab/enter.sh FOLDER command...
export LAB=$1
shift
# shellcheck disable=SC2016 # it is read by the shell within
exec unshare --mount --net --uts --ipc --pid --fork --kill-child --mount-proc bash -c '
set -e
mount --make-rprivate /
T=$(mktemp -d)
mount -t tmpfs tmpfs "$T"
mkdir -p "$T"/{eup,ework,vup,vwork,home}
mount -t overlay overlay -o "lowerdir=$LAB/root/etc:/etc,upperdir=$T/eup,workdir=$T/ework" /etc
mount -t overlay overlay -o "lowerdir=$LAB/root/var:/var,upperdir=$T/vup,workdir=$T/vwork" /var
lower=
for more in ${LAB_MORE-}; do lower=$lower$LAB/$more/usr:; done
mount -t overlay overlay -o "lowerdir=$lower$LAB/root/usr:/usr" /usr
mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/systemd/{resolve,system,netif/links} /run/NetworkManager /run/netns /run/user
mount -t sysfs -o ro sysfs /sys
ip link set lo up
export HOME=$T/home
"$@"' enter "$@"

#!/bin/bash
# Unpacks, without installing them, NetworkManager, systemd-resolved and
# openresolv: installed, they would take over this machine's own network.
#   packaging/lab/prepare.sh FOLDER
set -eu
LAB=$1
mkdir -p "$LAB/debs" "$LAB/root"
cd "$LAB/debs"
# What they link beyond what a Debian has that runs our other tests.
PACKAGES="systemd-resolved libsystemd-shared libnss-resolve network-manager libnm0 openresolv libbluetooth3 libmm-glib0
 libndp0 libteamdctl0 libnewt0.52 libslang2 libjansson4 libpsl5 libcurl3-gnutls libudev1 libsystemd0 polkitd
 libpolkit-gobject-1-0 libpolkit-agent-1-0 libduktape207 libmozjs-102-0 pkexec dnsmasq-base libnftables1 libnftnl11
 libxtables12 libnetfilter-conntrack3 libnfnetlink0 python3-dbus systemd"
fetch() {
	local p
	for p in $PACKAGES; do
		compgen -G "${p}_*.deb" >/dev/null && continue
		# Names differ between releases; what is missing shows when it is used.
		apt-get download -q "$p" >/dev/null 2>&1 || true
	done
}
fetch
compgen -G "network-manager_*.deb" >/dev/null || { apt-get update -q && fetch; }
compgen -G "network-manager_*.deb" >/dev/null || { echo "NetworkManager could not be fetched." >&2 && exit 1; }
rm -rf ../root
mkdir -p ../root
for deb in *.deb; do
	case $deb in
	openresolv_*) dpkg -x "$deb" ../openresolv ;; # it would take the place of resolvectl's resolvconf
	*) dpkg -x "$deb" ../root ;;
	esac
done
for dir in lib sbin bin; do
	if [ -d "../root/$dir" ]; then
		mkdir -p "../root/usr/$dir"
		cp -a "../root/$dir/." "../root/usr/$dir/"
	fi
	[ ! -d "../openresolv/$dir" ] || cp -a "../openresolv/$dir/." "../openresolv/usr/$dir/"
done
mkdir -p ../root/etc ../root/var
chmod 4755 ../root/usr/bin/pkexec # as its installation would

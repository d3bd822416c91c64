#!/bin/bash
# Sets, keeps and puts back the DNS of computers that have the real managers of
# it, each in namespaces of its own, and closes with "N passed, N failed".
#   packaging/lab/test.sh [NAME...]
set -eu
[ "$(id -u)" = 0 ] || exec sudo --preserve-env=HOME "$0" "$@"
cd "$(dirname "$0")/../.."
# shellcheck source=packaging/common.sh
. packaging/common.sh

LAB=$(tools_dir)/lab
SCENARIOS=${*:-$(sed -n 's/^scenario_\([a-z_]*\)() {$/\1/p' packaging/lab/scenarios.sh)}
AT_ONCE=3
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

[ -s "$LAB/ready" ] || { packaging/lab/prepare.sh "$LAB" && date >"$LAB/ready"; }
install -D -m 755 build/dot-proxy "$LAB/program/usr/bin/dot-proxy"
install -D -m 644 packaging/linux/io.github.dotproxy.DotProxy.policy "$LAB/program/usr/share/polkit-1/actions/io.github.dotproxy.DotProxy.policy"

run() { # name
	local more="program" status=0
	[ "$1" != openresolv ] || more="program openresolv"
	LAB_MORE=$more timeout -k 5 200 packaging/lab/enter.sh "$LAB" "$PWD/packaging/lab/scenarios.sh" "$1" >"$WORK/$1" 2>&1 || status=$?
	[ "$status" = 0 ] || echo "FAILED $1: it ended with status $status" >>"$WORK/$1"
}

before=$(stat -c '%F %N %i %Y' /etc/resolv.conf && cat /etc/resolv.conf)
for scenario in $SCENARIOS; do
	while [ "$(jobs -rp | wc -l)" -ge $AT_ONCE ]; do wait -n || true; done
	run "$scenario" &
done
wait
if [ "$(stat -c '%F %N %i %Y' /etc/resolv.conf && cat /etc/resolv.conf)" = "$before" ]; then
	echo "ok this computer's own DNS was not touched" >"$WORK/own"
else
	echo "FAILED this computer's own DNS was touched" >"$WORK/own"
fi
cat "$WORK"/*
passed=$(cat "$WORK"/* | grep -c '^ok ' || true)
failed=$(cat "$WORK"/* | grep -c '^FAILED ' || true)
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

#!/bin/bash
# One computer after another whose DNS is changed, kept and put back. Sourced
# functions are the parts; each scenario here is run within enter.sh.
#   scenarios.sh NAME
set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source=packaging/lab/computer.sh
. ./computer.sh

expect() { # what it means, command...
	local what=$1
	shift
	if until_true "$@"; then
		echo "ok $SCENARIO: $what"
	else
		echo "FAILED $SCENARIO: $what"
		tail -n 5 "$LOGS/engine" "/run/person/.local/state/dot-proxy/guard.log" 2>/dev/null
		tail -n 4 /etc/resolv.conf
	fi
}

succeeds() { "$@" >"$LOGS/last" 2>&1 || { cat "$LOGS/last" && false; }; }
refuses() { # text command...
	local text=$1
	shift
	! "$@" >"$LOGS/last" 2>&1 && grep -q "$text" "$LOGS/last"
}

kill_guard() { pkill -KILL -f 'dot-proxy system-dns guard'; }
no_guard() { ! pgrep -f 'dot-proxy system-dns guard' >/dev/null; }

# round sets the DNS, puts it back, and has every process that knows of it
# killed.
round() {
	expect "before, the network answers" unprotected
	file_before=$(resolv_conf)
	engine
	expect "it is set" succeeds dot_proxy system-dns on
	expect "programs ask the proxy" protected
	expect "the status says so" status_says '"system_dns": *true'
	expect "it is put back" succeeds dot_proxy system-dns off
	expect "the network answers again" unprotected
	expect "everything is as before" same_as_before
	expect "it is set again" succeeds dot_proxy system-dns on
	kill -KILL $ENGINE_PID
	expect "after kill -9 of the engine the network answers" unprotected
	expect "and everything is as before" same_as_before
	engine
	expect "a new engine sets it by itself" protected
	kill_guard
	expect "after kill -9 of the guard programs ask the proxy" protected
	expect "another guard is there" pgrep -f 'dot-proxy system-dns guard'
	kill -KILL $ENGINE_PID
	kill_guard
	expect "after kill -9 of both, repair puts it back" repaired
	expect "and everything is as before again" same_as_before
	engine
	expect "set once more" protected
}

repaired() { dot_proxy system-dns repair >/dev/null 2>&1 && unprotected; }

finish() {
	expect "stop puts it back" succeeds dot_proxy stop
	expect "and the network answers" unprotected
	expect "as it did" same_as_before
	dot_proxy quit >/dev/null 2>&1
	expect "nothing is left running" no_guard
	expect "no journal is left" test ! -e /run/person/.local/state/dot-proxy/system-dns.json -a ! -e /var/lib/dot-proxy/system-dns.json
}

status_says() { dot_proxy status --json | tr -d '\n' | grep -q "$1"; }

# resolv_conf is all of the file: its kind, where it leads, and its text. That a
# manager numbers or dates its lines does not matter.
resolv_conf() { stat -c '%F %N' /etc/resolv.conf && cat /etc/resolv.conf; }
same_as_before() { [ "$(resolv_conf)" = "$file_before" ]; }

nm_keeps() {
	kill "$NM_PID"
	wait "$NM_PID" 2>/dev/null
	run_network_manager
	expect "after a restart of NetworkManager programs ask the proxy" protected
	nmcli -w 15 con down wired >/dev/null && nmcli -w 15 con up wired >/dev/null
	expect "after the connection went down and up programs ask the proxy" protected
	ip -n router0 link set r0 down
	sleep 9
	ip -n router0 link set r0 up
	expect "after 9 s without a carrier programs ask the proxy" protected
	nmcli dev modify eth0 ipv4.dns 10.9.0.1 >/dev/null
	sleep 0.5
	expect "after somebody else's change programs ask the proxy" protected
	network eth1 1
	nmcli con add type ethernet ifname eth1 con-name second ipv4.method auto ipv6.method disabled >/dev/null
	nmcli -w 15 con up second >/dev/null
	expect "a second network is covered" status_says 'second (eth1)'
	expect "and programs ask the proxy" protected
	nmcli -w 15 con down wired >/dev/null
	expect "with the first one gone too" protected
	nmcli -w 15 con up wired >/dev/null
	expect "and with both" protected
	nmcli -w 15 con delete second >/dev/null
}

vpn() {
	nmcli con add type dummy ifname vpn0 con-name vpn ipv4.method manual ipv4.addresses 10.8.0.2/24 ipv4.never-default yes \
		ipv4.dns 10.9.0.1 ipv4.dns-search corp.example ipv6.method disabled >/dev/null
	nmcli -w 15 con up vpn >/dev/null
	expect "beside a VPN programs ask the proxy" protected
	expect "and the VPN answers for its own domain" corp
	expect "and is not changed" sh -c '[ "$(nmcli -g ip4.dns dev show vpn0)" = 10.9.0.1 ]'
	nmcli con delete vpn >/dev/null
}
corp() { [ "$(timeout 5 getent ahostsv4 "host$RANDOM.corp.example" | awk '{print $1; exit}')" = 203.0.113.9 ]; }

scenario_networkmanager() {
	network_manager default symlink
	may YES org.freedesktop.NetworkManager.network-control
	round
	nm_keeps
	file_before=$(resolv_conf_of_network)
	finish
}
# After somebody else's change what is put back is that.
resolv_conf_of_network() { printf '%s\n' "$file_before"; }

scenario_networkmanager_resolved() {
	systemd_resolved
	network_manager systemd-resolved
	may YES org.freedesktop.NetworkManager.network-control
	round
	nm_keeps
	kill "$RESOLVED_PID"
	wait "$RESOLVED_PID" 2>/dev/null
	run_resolved
	expect "after a restart of systemd-resolved programs ask the proxy" protected
	vpn
	finish
}

scenario_resolved() {
	systemd_resolved
	by_hand
	resolvectl dns eth0 10.9.0.1
	may YES org.freedesktop.resolve1
	ENGINE_FLAGS="-p 5353" PORT=5353
	round
	kill "$RESOLVED_PID"
	wait "$RESOLVED_PID" 2>/dev/null
	run_resolved
	expect "after a restart of systemd-resolved programs ask the proxy" protected
	finish
}

[ "$(type -t "scenario_$1")" = function ] || { echo "no scenario is named $1" >&2 && exit 2; }
SCENARIO=$1
bus
network eth0 0
install -m 755 "$DOT_PROXY" /run/dot-proxy
"scenario_$1"

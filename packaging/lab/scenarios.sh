#!/bin/bash
# One computer after another whose DNS is changed, kept and put back. Each is
# run within enter.sh.
#   scenarios.sh NAME
set -u
cd "$(dirname "$0")" || exit 1
# shellcheck source=packaging/lab/computer.sh
. ./computer.sh
# shellcheck source=packaging/lab/steps.sh
. ./steps.sh

# starts has polkit and a network with a provider, for the user who sits there.
starts() { # who may what without a password: action prefixes
	local action
	for action; do may YES "$action"; done
	sit person $USER_ID
	bus
	network eth0 0
}

scenario_networkmanager() {
	starts org.freedesktop.NetworkManager.network-control
	network_manager default symlink
	round
	paused
	nm_keeps
	finish
}

scenario_networkmanager_resolved() {
	starts org.freedesktop.NetworkManager.network-control
	systemd_resolved
	network_manager systemd-resolved
	round
	nm_keeps
	restart_resolved
	becomes "after a restart of systemd-resolved programs ask the proxy" protected
	vpn
	finish
}

# The network's servers change while the DNS is set.
scenario_dhcp() {
	starts org.freedesktop.NetworkManager.network-control
	network_manager default symlink
	engine
	does "it is set" dot_proxy system-dns on
	kill "$DNSMASQ_PID"
	ip -n router0 addr add 10.9.0.2/24 dev r0
	gives_addresses 0 10.9.0.2 fd09:0::2
	becomes "DHCP tells of another server" sh -c 'nmcli -f DHCP4 dev show eth0 | grep -q 10.9.0.2'
	becomes "programs ask the proxy" protected
	does "and nothing goes around it" eval '! goes_around'
	does "it is put back" dot_proxy system-dns off
	becomes "to the server of now" grep -q 10.9.0.2 /etc/resolv.conf
	does "and not to the old one" eval '! grep -q 10.9.0.1 /etc/resolv.conf'
	becomes "which answers" unprotected
	dot_proxy quit >/dev/null
}

# The computer sleeps, and its network comes back after it woke.
scenario_sleep() {
	starts org.freedesktop.NetworkManager.network-control
	network_manager default symlink
	FILE_BEFORE=$(resolv_conf)
	mkfifo /run/logind
	daemon logind /usr/bin/python3 -c '
import dbus, dbus.lowlevel, sys
bus = dbus.SystemBus()
bus.request_name("org.freedesktop.login1")
for line in open("/run/logind"):
    signal = dbus.lowlevel.SignalMessage("/org/freedesktop/login1", "org.freedesktop.login1.Manager", "PrepareForSleep")
    signal.append(line.strip() == "sleep")
    bus.send_message(signal)
    bus.flush()'
	exec 9<>/run/logind
	until_true on_bus org.freedesktop.login1
	engine
	does "it is set" dot_proxy system-dns on
	becomes "programs ask the proxy" protected
	echo sleep >&9
	unplug 0
	sleep 6
	echo wake >&9
	becomes "the wake is noticed" grep -q 'woke' "$LOGS/engine"
	plug 0
	becomes "with the network's return programs ask the proxy" protected
	does "and nothing goes around it" eval '! goes_around'
	finish
}

# On the second network another provider is asked, by the user's rule.
scenario_rules() {
	starts org.freedesktop.NetworkManager.network-control
	network_manager default symlink
	engine
	does "a provider is chosen" dot_proxy use 10.9.0.1#dns.example
	does "the network is named" eval 'dot_proxy networks | grep -q "“wired”, router [0-9a-f:.]*\.$"'
	does "a rule is made" dot_proxy networks use 10.9.1.1#dns.example
	becomes "it holds" status_says '"rule": *"wired"'
	does "and its provider is the one to ask" status_says '"provider": *"10.9.1.1#dns.example"'
	network eth1 1
	nmcli con add type ethernet ifname eth1 con-name second ipv4.method auto ipv6.method disabled ipv4.route-metric 50 >/dev/null
	nmcli -w 15 con up second >/dev/null
	becomes "on another network it does not" eval '! status_says "\"rule\""'
	becomes "and the user's own is asked" status_says '"provider": *"10.9.0.1#dns.example"'
	nmcli -w 15 con delete second >/dev/null
	becomes "back on the first it holds again" status_says '"rule": *"wired"'
	does "the network's own encrypted resolver is offered" eval 'dot_proxy providers --network | grep -q "10.9.0.1#dns.example, verified"'
	does "a rule is forgotten" dot_proxy networks forget wired
	becomes "and holds no more" eval '! status_says "\"rule\""'
	dot_proxy quit >/dev/null
}

# The user's program may not use port 53, and need not.
scenario_resolved() {
	starts org.freedesktop.resolve1
	systemd_resolved
	by_hand
	resolvectl dns eth0 10.9.0.1
	ENGINE_FLAGS="-p 5353" PORT=5353
	round
	paused
	restart_resolved
	becomes "after a restart of systemd-resolved programs ask the proxy" protected
	ip route del default
	does "without a default route it is put back too" dot_proxy system-dns off
	does "to the link's own server" eval 'resolvectl dns eth0 | grep -q 10.9.0.1'
	ip route add default via 10.9.0.1
	does "and is set with the route" dot_proxy system-dns on
	becomes "programs ask the proxy in the end" protected
	finish
}

# A server's engine is a system user's, who may by the rules that are shipped.
scenario_networkd() {
	install -D -m 644 ../linux/io.github.dotproxy.DotProxy.rules /etc/polkit-1/rules.d/50-dot-proxy.rules
	starts
	sit dotproxy 1501
	systemd_resolved
	systemd_networkd
	round
	restart_resolved
	becomes "after a restart of systemd-resolved programs ask the proxy" protected
	finish
}

# plain_file has nobody manage the file.
plain_file() {
	by_hand
	rm -f /etc/resolv.conf
	printf '# mine\nnameserver 10.9.0.1\noptions timeout:2\n' >/etc/resolv.conf
}

scenario_file() {
	starts io.github.dotproxy.DotProxy.system-dns
	plain_file
	round
	paused
	printf 'nameserver 10.9.0.1\n# edited\n' >/etc/resolv.conf
	becomes "after somebody else's edit programs ask the proxy" protected
	FILE_BEFORE=${FILE_BEFORE%%# mine*}$(printf 'nameserver 10.9.0.1\n# edited')
	finish
}

# A container's file is mounted on its place, and cannot be replaced.
scenario_mounted_file() {
	starts io.github.dotproxy.DotProxy.system-dns
	plain_file
	cp /etc/resolv.conf /run/resolv.mounted
	mount --bind /run/resolv.mounted /etc/resolv.conf
	round
	finish
}

scenario_openresolv() {
	starts io.github.dotproxy.DotProxy.system-dns
	by_hand
	mkdir -p /run/resolvconf
	echo 'nameserver 10.9.0.1' | resolvconf -a eth0.dhcp
	round
	echo 'nameserver 10.9.0.1' | resolvconf -a eth0.dhcp
	becomes "after DHCP wrote again programs ask the proxy" protected
	finish
}

# The power fails while the file points here.
scenario_power_cut() {
	starts io.github.dotproxy.DotProxy.system-dns
	plain_file
	FILE_BEFORE=$(resolv_conf)
	engine
	does "it is set" dot_proxy system-dns on
	becomes "programs ask the proxy" protected
	kill -KILL "$ENGINE_PID"
	kill_guard
	cat /proc/sys/kernel/random/uuid >/run/boot_id
	mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
	does "the next start puts it back" dot-proxy system-dns repair --boot
	does "everything is as before" same_as_before
	becomes "the network answers" unprotected
	does "no journal is left" no_journal
}

scenario_refused() {
	may NO org.freedesktop.NetworkManager
	may NO io.github.dotproxy.DotProxy
	starts
	network_manager default symlink
	FILE_BEFORE=$(resolv_conf)
	engine
	does "the change is refused, and why" refused 'could not be changed' dot_proxy system-dns on
	does "nothing was changed" same_as_before
	becomes "the network answers" unprotected
	does "no journal is left" no_journal
	may YES org.freedesktop.NetworkManager
	restart_polkit
	does "once it is allowed it is set" dot_proxy system-dns on
	becomes "programs ask the proxy" protected
	finish
}

scenario_taken_port() {
	starts org.freedesktop.NetworkManager.network-control
	network_manager default symlink
	FILE_BEFORE=$(resolv_conf)
	daemon taker dnsmasq --keep-in-foreground --conf-file=/dev/null --listen-address=127.0.0.1 --bind-interfaces --server=10.9.0.1 --pid-file= --user=root
	local taker=$PID
	until_true sh -c 'ss -Hltn "sport = :53" | grep -q 127.0.0.1'
	run_engine
	becomes "the port's holder is named" status_says 'Port 53 is taken by .*dnsmasq'
	does "so the DNS cannot be set" refused . dot_proxy system-dns on
	does "nothing was changed" same_as_before
	becomes "the network answers" unprotected
	kill "$taker"
	becomes "the port is taken once it is free" answers_locally
	does "and the DNS can be set" dot_proxy system-dns on
	becomes "programs ask the proxy" protected
	finish
}

scenario_portal() {
	starts org.freedesktop.NetworkManager.network-control
	kill "$PROVIDER_PID"
	gateway
	network_manager default symlink
	run_engine
	becomes "the sign-in is noticed" status_says '"state": *"portal"'
	does "a sign-in begins" dot_proxy sign-in
	becomes "the network answers this computer meanwhile" asked_here $NETWORK
	touch /run/signed-in
	provider router0 10.9.0.1
	becomes "once through, the provider answers" asked_here $PROVIDER
	becomes "and it is protected" status_says '"state": *"protected"'
	does "the DNS can be set" dot_proxy system-dns on
	becomes "programs ask the proxy" protected
	dot_proxy quit >/dev/null
}

asked_here() { # address
	COUNT=$((COUNT + 1))
	[ "$(dig +short +time=1 +tries=1 @127.0.0.1 "n$COUNT.example.com" A)" = "$1" ]
}

# gateway answers every request for a page with its own, until the guest is
# signed in.
gateway() {
	ip -n router0 addr add $NETWORK/32 dev lo
	daemon gateway ip netns exec router0 python3 -c '
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        if os.path.exists("/run/signed-in"):
            self.send_response(200); self.end_headers(); self.wfile.write(b"success\n")
        else:
            self.send_response(302); self.send_header("Location", "http://login.example/"); self.end_headers()
http.server.HTTPServer(("", 80), Page).serve_forever()'
	until_true listens router0 80
}

[ "$(type -t "scenario_$1")" = function ] || { echo "no scenario is named $1" >&2 && exit 2; }
SCENARIO=$1
"scenario_$1"

# shellcheck shell=bash disable=SC2034 # what is set here is used by those that source it
# Sourced by scenarios.sh: what is seen, and the steps that scenarios share.

does() { # what it means, command...
	local what=$1
	shift
	if "$@" >"$LOGS/last" 2>&1; then
		echo "ok $SCENARIO: $what"
	else
		failed "$what"
	fi
}

# becomes waits for what takes its time.
becomes() { # what it means, command...
	local what=$1
	shift
	if until_true "$@"; then
		echo "ok $SCENARIO: $what"
	else
		failed "$what"
	fi
}

failed() {
	echo "FAILED $SCENARIO: $1"
	tail -n 5 "$LOGS/last" "$LOGS/engine" "$STATE/guard.log" /etc/resolv.conf 2>/dev/null
}

# refused tells whether a command fails and says why.
refused() { # text command...
	local text=$1
	shift
	! "$@" >"$LOGS/last" 2>&1 && grep -q "$text" "$LOGS/last"
}

status_says() { dot_proxy status --json | tr -d '\n' | grep -q "$1"; }
kill_guard() { pkill -KILL -f 'dot-proxy system-dns guard'; }
no_guard() { ! pgrep -f 'dot-proxy system-dns guard'; }
repaired() { dot_proxy system-dns repair && unprotected; }
no_journal() { [ ! -e "$STATE/system-dns.json" ] && [ ! -e /var/lib/dot-proxy/system-dns.json ]; }

# resolv_conf is all of the file: its kind, where it leads, and its text.
resolv_conf() { stat -c '%F %N' /etc/resolv.conf && cat /etc/resolv.conf; }
same_as_before() { [ "$(resolv_conf)" = "$FILE_BEFORE" ]; }

# round sets the DNS, puts it back, and has every process that knows of it
# killed.
round() {
	becomes "before, the network answers" unprotected
	FILE_BEFORE=$(resolv_conf)
	engine
	does "it is set" dot_proxy system-dns on
	becomes "programs ask the proxy" protected
	does "and nothing goes around it" eval '! goes_around'
	becomes "the status says so" status_says '"system_dns": *true'
	does "it is put back" dot_proxy system-dns off
	becomes "the network answers again" unprotected
	becomes "everything is as before" same_as_before
	does "it is set again" dot_proxy system-dns on
	kill -KILL "$ENGINE_PID"
	becomes "after kill -9 of the engine the network answers" unprotected
	becomes "and everything is as before" same_as_before
	engine
	becomes "a new engine sets it by itself" protected
	kill_guard
	becomes "after kill -9 of the guard programs ask the proxy" protected
	becomes "another guard is there" pgrep -f 'dot-proxy system-dns guard'
	kill -KILL "$ENGINE_PID"
	kill_guard
	becomes "after kill -9 of both, repair puts it back" repaired
	becomes "and everything is as before again" same_as_before
	engine
	becomes "set once more" protected
}

# paused has the old DNS for a while.
paused() {
	local guard
	guard=$(pgrep -f 'dot-proxy system-dns guard')
	does "a pause begins" dot_proxy pause 5m
	becomes "the network answers meanwhile" unprotected
	does "it is resumed" dot_proxy resume
	becomes "programs ask the proxy again" protected
	does "by the same guard, so that nobody is asked for a password again" test "$guard" = "$(pgrep -f 'dot-proxy system-dns guard')"
}

finish() {
	does "stop puts it back" dot_proxy stop
	becomes "and the network answers" unprotected
	becomes "as it did" same_as_before
	dot_proxy quit >/dev/null 2>&1
	becomes "nothing is left running" no_guard
	becomes "no journal is left" no_journal
}

# names_others tells whether NetworkManager names a server of the network.
names_others() { nmcli -g IP4.DNS,IP6.DNS dev show eth0 | grep -Eq '10\.9|fd09'; }

# nm_keeps does to NetworkManager what happens to it in a day.
nm_keeps() {
	does "no other server is named" eval '! names_others'
	restart_network_manager
	becomes "after a restart of NetworkManager programs ask the proxy" protected
	nmcli -w 15 con down wired >/dev/null && nmcli -w 15 con up wired >/dev/null
	becomes "after the connection went down and up programs ask the proxy" protected
	unplug 0
	sleep 9
	plug 0
	becomes "after 9 s without a carrier programs ask the proxy" protected
	sleep 6 # the router has told of its server for IPv6 again
	does "and still no other server is named" eval '! names_others'
	nmcli dev modify eth0 ipv4.dns 10.9.0.1 >/dev/null
	becomes "after somebody else's change programs ask the proxy" protected
	network eth1 1
	nmcli con add type ethernet ifname eth1 con-name second ipv4.method auto ipv6.method disabled >/dev/null
	nmcli -w 15 con up second >/dev/null
	becomes "a second network is covered" status_says 'second (eth1)'
	becomes "and programs ask the proxy" protected
	nmcli -w 15 con down wired >/dev/null
	becomes "with the first one gone too" protected
	nmcli -w 15 con up wired >/dev/null
	becomes "and with both" protected
	nmcli -w 15 con delete second >/dev/null
}

# vpn brings a link up whose server answers for a domain of its own.
vpn() {
	nmcli con add type tun ifname vpn0 mode tun con-name vpn ipv4.method manual ipv4.addresses 10.8.0.2/24 ipv4.never-default yes \
		ipv4.dns 10.9.0.1 ipv4.dns-search corp.example ipv6.method disabled >/dev/null
	nmcli -w 15 con up vpn >/dev/null
	# A tunnel has a carrier while a program has it open.
	daemon vpn python3 -c '
import fcntl, struct, time
tun = open("/dev/net/tun", "rb+", buffering=0)
fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", b"vpn0", 0x1001))
time.sleep(600)'
	becomes "beside a VPN programs ask the proxy" protected
	becomes "and the VPN answers for its own domain" corp
	does "and is not changed" test "$(nmcli -g ip4.dns dev show vpn0)" = 10.9.0.1
	nmcli con delete vpn >/dev/null
}

corp() { [ "$(timeout 5 getent ahostsv4 "host$RANDOM.corp.example" | awk '{print $1; exit}')" = 203.0.113.9 ]; }

# shellcheck shell=bash
# Sourced within enter.sh: the parts of a computer on a network of its own. Names
# lead to NETWORK where its clear resolver answers, and to PROVIDER where the
# provider that speaks DNS over TLS does.
NETWORK=192.0.2.1 PROVIDER=198.51.100.7
USER_ID=1500
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket
LOGS=$HOME/logs
mkdir -p "$LOGS"

# until_true waits, for 15 seconds at most, until a command succeeds.
until_true() {
	local _
	for _ in $(seq 150); do
		"$@" && return
		sleep 0.1
	done
	return 1
}

on_bus() { dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner "string:$1" 2>/dev/null | grep -q true; }

# daemon starts a program whose output is kept.
daemon() { # name command...
	local name=$1
	shift
	"$@" >>"$LOGS/$name" 2>&1 &
	PID=$!
}

# bus starts a system bus, and polkit, which lets the user do what a file of
# rules says.
bus() {
	grep -q '^systemd-resolve:' /etc/passwd || { echo 'systemd-resolve:x:990:990::/:/usr/sbin/nologin' >>/etc/passwd && echo 'systemd-resolve:x:990:' >>/etc/group; }
	grep -q '^systemd-network:' /etc/passwd || { echo 'systemd-network:x:991:991::/:/usr/sbin/nologin' >>/etc/passwd && echo 'systemd-network:x:991:' >>/etc/group; }
	grep -q '^polkitd:' /etc/passwd || { echo 'polkitd:x:992:992::/:/usr/sbin/nologin' >>/etc/passwd && echo 'polkitd:x:992:' >>/etc/group; }
	echo "person:x:$USER_ID:$USER_ID::/run/person:/bin/bash" >>/etc/passwd
	echo "person:x:$USER_ID:" >>/etc/group
	daemon bus dbus-daemon --system --nofork --nopidfile --nosyslog
	until_true test -S /run/dbus/system_bus_socket
	mkdir -p /etc/polkit-1/rules.d
	chown -R polkitd /etc/polkit-1/rules.d
	daemon polkit /usr/lib/polkit-1/polkitd --no-debug
	until_true on_bus org.freedesktop.PolicyKit1
	# The engine is nobody's service, so it may use port 53.
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
}

# may has polkit answer for the user: yes, no or auth_admin.
may() { # answer action-prefix
	printf 'polkit.addRule(function(a, s) { if (a.id.indexOf("%s") == 0 && s.user == "person") return polkit.Result.%s; });\n' "$2" "$1" \
		>"/etc/polkit-1/rules.d/50-$(echo "$2" | tr -c 'a-z0-9\n' -).rules"
	sleep 1 # polkit reads its folder again by itself, and says so to nobody
}

# network makes a router that gives addresses, a clear resolver and a provider,
# on the link of the given name.
network() { # link number
	local ns=router$2 link=$1 net=10.9.$2
	ip netns add "$ns"
	ip link add "$link" type veth peer name r0 netns "$ns"
	ip -n "$ns" addr add "$net.1/24" dev r0
	ip -n "$ns" link set r0 up
	ip -n "$ns" link set lo up
	daemon "dnsmasq$2" ip netns exec "$ns" dnsmasq --keep-in-foreground --conf-file=/dev/null --interface=r0 --bind-interfaces --no-resolv --no-hosts \
		--dhcp-range="$net.10,$net.50,2m" --dhcp-option="option:router,$net.1" --dhcp-option="option:dns-server,$net.1" \
		--address="/#/$NETWORK" --address=/corp.example/203.0.113.9 --pid-file= --dhcp-leasefile="/run/leases$2" --user=root
	provider "$ns" "$net.1"
	until_true listens "$ns" 53 && until_true listens "$ns" 853
}

listens() { ip netns exec "$1" ss -Hltn "sport = :$2" | grep -q .; }

# provider starts Unbound as one that speaks DNS over TLS.
provider() { # namespace address
	local dir=$HOME/provider
	mkdir -p "$dir"
	[ -s "$dir/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dns.example \
		-addext subjectAltName=DNS:dns.example -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	cat >"$dir/$1.conf" <<EOF
server:
  interface: $2@853
  tls-port: 853
  tls-service-key: $dir/key.pem
  tls-service-pem: $dir/cert.pem
  access-control: 0.0.0.0/0 allow
  username: ""
  chroot: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  local-zone: "." redirect
  local-data: ". 5 IN A $PROVIDER"
  local-zone: "example.com." redirect
  local-data: "example.com. 5 IN A $PROVIDER"
remote-control:
  control-enable: no
EOF
	daemon "unbound-$1" ip netns exec "$1" unbound -d -c "$dir/$1.conf"
}

# network_manager starts NetworkManager; with connect it also brings eth0 up.
network_manager() { # dns mode, rc-manager
	mkdir -p /etc/NetworkManager/conf.d /var/lib/NetworkManager /etc/NetworkManager/system-connections
	printf '[main]\nplugins=keyfile\nno-auto-default=*\ndns=%s\nrc-manager=%s\nauth-polkit=true\n[connectivity]\nenabled=false\n' "$1" "${2-auto}" >/etc/NetworkManager/NetworkManager.conf
	run_network_manager
	nmcli con add type ethernet ifname eth0 con-name wired ipv4.method auto ipv6.method auto >/dev/null
	nmcli -w 15 con up wired >/dev/null
}

run_network_manager() {
	daemon nm /usr/sbin/NetworkManager --no-daemon --log-level=INFO
	NM_PID=$PID
	until_true on_bus org.freedesktop.NetworkManager
}

# systemd_resolved has systemd-resolved answer, by its stub.
systemd_resolved() {
	rm -f /etc/resolv.conf
	ln -s /run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
	run_resolved
}

run_resolved() {
	chown -R systemd-resolve: /run/systemd/resolve
	daemon resolved /usr/lib/systemd/systemd-resolved
	RESOLVED_PID=$!
	until_true on_bus org.freedesktop.resolve1
}

# by_hand brings eth0 up without anybody who manages it.
by_hand() {
	ip addr add 10.9.0.5/24 dev eth0
	ip link set eth0 up
	ip route add default via 10.9.0.1
}

# as_user runs a command as the user who sits at the computer.
as_user() {
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env HOME=/run/person USER=person XDG_RUNTIME_DIR=/run/user/$USER_ID "$@"
}

# engine starts the program as the user, and waits until it answers.
engine() {
	mkdir -p /run/person /run/user/$USER_ID
	chown $USER_ID: /run/person /run/user/$USER_ID
	chmod 700 /run/user/$USER_ID
	install -m 644 "$HOME/provider/cert.pem" /run/ca.pem
	# shellcheck disable=SC2086
	daemon engine as_user /run/dot-proxy serve --supervised -d "10.9.0.1#dns.example" -c /run/ca.pem ${ENGINE_FLAGS-}
	ENGINE_PID=$PID
	until_true answers_locally
}

answers_locally() { dig +short +time=1 +tries=1 @127.0.0.1 -p "${PORT:-53}" here.example.com A 2>/dev/null | grep -q "^$PROVIDER$"; }

dot_proxy() { as_user /run/dot-proxy "$@"; }

COUNT=0
# leads tells whether programs that ask for a new name are led to an address.
leads() { # address
	COUNT=$((COUNT + 1))
	[ "$(timeout 5 getent ahostsv4 "n$COUNT-$$.example.com" | awk '{print $1; exit}')" = "$1" ]
}

protected() { leads $PROVIDER; }
unprotected() { leads $NETWORK; }

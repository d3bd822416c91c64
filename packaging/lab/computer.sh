# shellcheck shell=bash disable=SC2034 # what is set here is used by those that source it
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
		"$@" >/dev/null 2>&1 && return
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

# user adds one who may own a name on the bus, or sits at the computer.
user() { # name id
	grep -q "^$1:" /etc/passwd && return
	echo "$1:x:$2:$2::/run/$1:/bin/bash" >>/etc/passwd
	echo "$1:x:$2:" >>/etc/group
}

# bus starts a system bus, and polkit on it.
bus() {
	user systemd-resolve 990
	user systemd-network 991
	user polkitd 992
	user person $USER_ID
	user dotproxy 1501
	user router 1502
	daemon bus dbus-daemon --system --nofork --nopidfile --nosyslog
	until_true test -S /run/dbus/system_bus_socket
	run_polkit
	# The engine is nobody's service, so it may use port 53.
	echo 0 >/proc/sys/net/ipv4/ip_unprivileged_port_start
}

run_polkit() {
	mkdir -p /etc/polkit-1/rules.d
	chown -R polkitd /etc/polkit-1/rules.d
	daemon polkit /usr/lib/polkit-1/polkitd --no-debug
	POLKIT_PID=$PID
	until_true on_bus org.freedesktop.PolicyKit1
}

restart_polkit() {
	kill "$POLKIT_PID"
	wait "$POLKIT_PID" 2>/dev/null
	run_polkit
}

# may has polkit answer for the user, from its next start: YES, NO or AUTH_ADMIN.
may() { # answer action-prefix
	mkdir -p /etc/polkit-1/rules.d
	printf 'polkit.addRule(function(a, s) { if (a.id.indexOf("%s") == 0 && s.user == "person") return polkit.Result.%s; });\n' "$2" "$1" \
		>"/etc/polkit-1/rules.d/50-$(echo "$2" | tr -c 'a-z0-9\n' -).rules"
}

# network makes a router that gives addresses, a clear resolver and a provider,
# on the link of the given name.
network() { # link number
	local ns=router$2 link=$1 net=10.9.$2
	ip netns add "$ns"
	ip link add "$link" type veth peer name r0 netns "$ns"
	ip -n "$ns" addr add "$net.1/24" dev r0
	ip -n "$ns" addr add "fd09:$2::1/64" dev r0 nodad
	ip -n "$ns" link set r0 up
	ip -n "$ns" link set lo up
	gives_addresses "$2" "$net.1" "fd09:$2::1"
	provider "$ns" "$net.1"
	until_true listens "$ns" 53 && until_true listens "$ns" 853
}

# unplug and plug take a router from its cable and back. Without one it loses
# its IPv6 address.
unplug() { ip -n "router$1" link set r0 down; }
plug() {
	ip -n "router$1" link set r0 up
	ip -n "router$1" addr add "fd09:$1::1/64" dev r0 nodad
}

# DESIGNATION is the SVCB record 1 dns.example. alpn=dot ipv4hint=10.9.0.1.
DESIGNATION=000103646e73076578616d706c65000001000403646f74000400040a090001

# gives_addresses starts the router's dnsmasq, which has leases renewed often.
gives_addresses() { # number server server6
	daemon "dnsmasq$1" ip netns exec "router$1" dnsmasq --keep-in-foreground --conf-file=/dev/null --interface=r0 --bind-interfaces --no-resolv --no-hosts \
		--dhcp-range="10.9.$1.10,10.9.$1.50,2m" --dhcp-option="option:router,10.9.$1.1" --dhcp-option="option:dns-server,$2" --dhcp-option-force=option:T1,5 \
		--enable-ra --ra-param=r0,5,60 --dhcp-range="fd09:$1::,ra-stateless,64" --dhcp-option="option6:dns-server,[$3]" \
		--dns-rr="_dns.resolver.arpa,64,$DESIGNATION" --address="/#/$NETWORK" --address=/corp.example/203.0.113.9 --log-queries --log-dhcp --log-facility=- --pid-file= --dhcp-leasefile="/run/leases$1" --user=router
	DNSMASQ_PID=$PID
}

listens() { ip netns exec "$1" ss -Hltn "sport = :$2" | grep -q .; }

# provider starts Unbound as one that speaks DNS over TLS.
provider() { # namespace address
	local dir=$HOME/provider
	mkdir -p "$dir"
	[ -s "$dir/cert.pem" ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=dns.example \
		-addext subjectAltName=DNS:dns.example,IP:10.9.0.1 -keyout "$dir/key.pem" -out "$dir/cert.pem" 2>/dev/null
	cat >"$dir/$1.conf" <<EOF
server:
  interface: $2@853
  tls-port: 853
  tls-service-key: $dir/key.pem
  tls-service-pem: $dir/cert.pem
  access-control: 0.0.0.0/0 allow
  username: router
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
	PROVIDER_PID=$PID
}

# network_manager starts NetworkManager; with connect it also brings eth0 up.
network_manager() { # dns mode, rc-manager
	mkdir -p /etc/NetworkManager/conf.d /var/lib/NetworkManager /etc/NetworkManager/system-connections
	printf '[main]\nplugins=keyfile\nno-auto-default=*\ndns=%s\nrc-manager=%s\nauth-polkit=true\n[connectivity]\nenabled=false\n' "$1" "${2-auto}" >/etc/NetworkManager/NetworkManager.conf
	run_network_manager
	nmcli con add type ethernet ifname eth0 con-name wired ipv4.method auto ipv6.method auto >/dev/null
	nmcli -w 15 con up wired >/dev/null
	until_true sh -c 'nmcli -g ip6.dns dev show eth0 | grep -q fd09'
}

run_network_manager() {
	daemon nm /usr/sbin/NetworkManager --no-daemon --log-level=INFO
	NM_PID=$PID
	until_true on_bus org.freedesktop.NetworkManager
}

restart_network_manager() {
	kill "$NM_PID"
	wait "$NM_PID" 2>/dev/null
	run_network_manager
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
	RESOLVED_PID=$PID
	until_true on_bus org.freedesktop.resolve1
}

restart_resolved() {
	kill "$RESOLVED_PID"
	wait "$RESOLVED_PID" 2>/dev/null
	run_resolved
}

# systemd_networkd brings eth0 up by DHCP, as on a server.
systemd_networkd() {
	mkdir -p /etc/systemd/network
	printf '[Match]\nName=eth0\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=no\n' >/etc/systemd/network/10-eth0.network
	chown -R systemd-network: /run/systemd/netif
	daemon networkd /usr/lib/systemd/systemd-networkd
	until_true on_bus org.freedesktop.network1
	until_true sh -c 'ip route show default | grep -q eth0'
}

# by_hand brings eth0 up without anybody who manages it.
by_hand() {
	ip addr add 10.9.0.5/24 dev eth0
	ip link set eth0 up
	ip route add default via 10.9.0.1
}

# sit makes one user the one whose engine and command line are used.
sit() { # name id
	mkdir -p "/run/$1" "/run/user/$2"
	chown "$2:$2" "/run/$1" "/run/user/$2"
	chmod 700 "/run/user/$2"
	STATE=/run/$1/.local/state/dot-proxy
	AS_USER=(setpriv --reuid "$2" --regid "$2" --clear-groups env HOME="/run/$1" USER="$1" XDG_RUNTIME_DIR="/run/user/$2")
}

# engine starts the program as the user, and waits until it answers.
engine() {
	run_engine
	until_true answers_locally
}

run_engine() {
	install -m 644 "$HOME/provider/cert.pem" /run/ca.pem
	# shellcheck disable=SC2086
	daemon engine "${AS_USER[@]}" dot-proxy serve --supervised -d 10.9.0.1#dns.example -d 10.9.1.1#dns.example -c /run/ca.pem ${ENGINE_FLAGS-}
	ENGINE_PID=$PID
}

answers_locally() { dig +short +time=1 +tries=1 @127.0.0.1 -p "${PORT:-53}" here.example.com A 2>/dev/null | grep -q "^$PROVIDER$"; }

dot_proxy() { "${AS_USER[@]}" dot-proxy "$@"; }

COUNT=0
# leads tells whether programs that ask for a new name are led to an address.
leads() { # address
	COUNT=$((COUNT + 1))
	[ "$(timeout 5 getent ahostsv4 "n$COUNT-$$.example.com" | awk '{print $1; exit}')" = "$1" ]
}

# goes_around tells whether the network's own server hears what a program asks.
goes_around() {
	leads $PROVIDER
	grep -q "query.* n$COUNT-$$.example.com" "$LOGS"/dnsmasq*
}

protected() { leads $PROVIDER; }
unprotected() { leads $NETWORK; }

#!/bin/bash
# Installs what is missing, builds DoT Proxy into build/ and starts it: tray and
# window, or the engine alone where there is no display. All arguments go to the
# engine, for example:
#
#   ./packaging/run.sh --demo
#   ./packaging/run.sh -d quad9 -p 5353
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=packaging/common.sh
. packaging/common.sh

has_display() { [ -n "${DISPLAY-}" ] || [ -n "${WAYLAND_DISPLAY-}" ]; }

# port_given tells whether the arguments or the settings name a port.
port_given() {
	local file=${XDG_CONFIG_HOME:-$HOME/.config}/dot-proxy/settings.toml
	while [ $# -gt 0 ]; do
		case $1 in
		-p* | --port | --port=*) return 0 ;;
		--settings) file=${2-} ;;
		--settings=*) file=${1#*=} ;;
		esac
		shift
	done
	[ -r "$file" ] && grep -Eq '^ *port *= *[0-9]' "$file" && ! grep -Eq '^ *port *= *53( |#|$)' "$file"
}

# may_bind tells whether this user may listen on port 53.
may_bind() {
	[ "$(id -u)" = 0 ] && return 0
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)" -le 53 ] && return 0
	PATH=$PATH:/usr/sbin:/sbin getcap build/dot-proxy 2>/dev/null | grep -q cap_net_bind_service
}

# taken tells whether a socket holds a port, UDP or listening TCP.
taken() { # port
	awk -v port="$(printf ':%04X' "$1")" '
		FNR > 1 && index($2, port) && $2 ~ port "$" && (FILENAME ~ /udp/ || $4 == "0A") {found = 1}
		END {exit !found}' /proc/net/udp* /proc/net/tcp* 2>/dev/null
}

# other_port is 5353, which multicast DNS may hold already, else the next one.
other_port() {
	local p
	for p in 5353 5354 5300 8053; do
		taken "$p" || break
	done
	echo "$p"
}

engine_runs() { build/dot-proxy status --json >/dev/null 2>&1; }

# window_later opens the window once the tray's engine answers, while process
# $$, which becomes the tray, is there.
window_later() {
	for _ in $(seq 50); do
		kill -0 $$ 2>/dev/null || return 0
		if engine_runs; then break; fi
		sleep 0.2
	done
	FYNE_CACHE=5s exec build/dot-proxy-window
}

packages=$RUN_PACKAGES
if has_display; then packages="$packages $GUI_RUN_PACKAGES $GUI_BUILD_PACKAGES"; fi
# shellcheck disable=SC2086
need_packages $packages
need_go
say "Building … (the first time this takes some minutes)"
build_engine
if has_display; then build_gui; fi

if ! port_given "$@" && ! may_bind && ! engine_runs; then
	port=$(other_port)
	say "Port 53 may not be used by this user, so DoT Proxy listens on port $port."
	say "To allow port 53: sudo setcap cap_net_bind_service=+ep build/dot-proxy (again after each new build)"
	set -- "$@" --port "$port"
fi

if has_display; then
	say "Starting DoT Proxy. Closing this terminal ends the tray, not the engine; Quit in its menu ends both."
	window_later &
	exec build/dot-proxy-tray -- "$@"
fi
say "There is no display, so the engine runs here in the foreground. Ctrl+C ends it."
exec build/dot-proxy serve "$@"

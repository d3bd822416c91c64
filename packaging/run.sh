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
	local a
	for a in "$@"; do
		case $a in -p | -p[0-9]* | -p=* | --port | --port=*) return 0 ;; esac
	done
	local file=${XDG_CONFIG_HOME:-$HOME/.config}/dot-proxy/settings.toml
	[ -r "$file" ] && grep -Eq '^port *= *[0-9]+' "$file" && ! grep -Eq '^port *= *53( |#|$)' "$file"
}

# may_bind tells whether this user may listen on port 53.
may_bind() {
	[ "$(id -u)" = 0 ] && return 0
	[ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start 2>/dev/null || echo 1024)" -le 53 ] && return 0
	PATH=$PATH:/usr/sbin:/sbin getcap build/dot-proxy 2>/dev/null | grep -q cap_net_bind_service
}

need_go
if has_display; then
	# shellcheck disable=SC2086
	need_packages $GUI_BUILD_PACKAGES $GUI_RUN_PACKAGES
fi
mkdir -p build
say "Building …"
build_engine
has_display && build_gui

if ! port_given "$@" && ! may_bind; then
	say "Port 53 may not be used by this user, so DoT Proxy listens on port 5353."
	say "To allow port 53: sudo setcap cap_net_bind_service=+ep build/dot-proxy (again after each new build)"
	set -- "$@" --port 5353
fi

if has_display; then
	say "Starting DoT Proxy. Closing this terminal ends the tray, not the engine; Quit in its menu ends both."
	FYNE_CACHE=5s build/dot-proxy-window &
	exec build/dot-proxy-tray -- "$@"
fi
say "There is no display, so the engine runs here in the foreground. Ctrl+C ends it."
exec build/dot-proxy serve "$@"

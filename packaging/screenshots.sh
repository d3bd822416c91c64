#!/bin/bash
# Takes a picture of each view and state of the window: in English light and
# dark, small and large, in the other languages once. Each is the real window on
# a display of its own. Installs what is missing (Debian, Ubuntu). It takes some
# six minutes.
#
#   ./packaging/screenshots.sh FOLDER [LANGUAGE[-THEME[-SIZE]]…]
#       STATE-LANGUAGE-THEME-SIZE.png for each, or only those, as in de en-dark-720x480
#   ./packaging/screenshots.sh --readme
#       those of the README, where they stand, with an engine of its own (--demo)
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
# shellcheck source=packaging/common.sh
. packaging/common.sh

[ $# -ge 1 ] || die "usage: $0 FOLDER [LANGUAGE[-THEME[-SIZE]]…] | --readme"
README=
case $1 in
--readme) README=1 OUT=$PWD/assets/screenshots ;;
-*) die "'$1' is not known here; give a folder, or --readme." ;;
*) mkdir -p "$1" && OUT=$(cd "$1" && pwd) ;;
esac
shift

# shellcheck disable=SC2086
need_packages $GUI_BUILD_PACKAGES $GUI_RUN_PACKAGES xvfb openbox xdotool dbus-daemon imagemagick bind9-dnsutils fonts-droid-fallback
need_go
if [ -z "$README" ]; then
	DOTPROXY_GUI_TESTS=1 DOTPROXY_PICTURES=$OUT DOTPROXY_PICTURES_ONLY="$*" \
		go test -tags no_emoji -count=1 -timeout 30m -run TestPictures ./app/cmd/dot-proxy-window
	say "$(find "$OUT" -name '*.png' | wc -l) pictures are in $OUT"
	exit
fi
build_engine
build_gui

WORK=$(mktemp -d)
pids=()
finish() {
	[ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
	wait
	rm -rf "$WORK"
}
trap finish EXIT
trap 'exit 130' INT TERM

begin() { # program...
	"$@" >>"$WORK/log" 2>&1 &
	begun=$!
	pids+=("$begun")
}

# within waits, for 15 seconds at most, until a command succeeds.
within() {
	local _
	for _ in $(seq 150); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	cat "$WORK/log" >&2
	die "This did not happen within 15 seconds: $*"
}

PORT=27353
export HOME=$WORK/home XDG_RUNTIME_DIR=$WORK/run DISPLAY=
mkdir -p "$HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
begin dbus-daemon --session --nofork --nopidfile --address="unix:path=$WORK/bus"
export DBUS_SESSION_BUS_ADDRESS=unix:path=$WORK/bus
begin build/dot-proxy serve --demo -l 127.0.0.1 -p $PORT --control "$WORK/control.sock" --settings "$WORK/none.toml"
within dig +time=1 +tries=1 @127.0.0.1 -p $PORT example.com
for name in www.example.com example.org nothing.example example.com mail.example.net example.com; do
	dig +time=1 +tries=1 @127.0.0.1 -p $PORT "$name" >/dev/null
done

display() { # WIDTHxHEIGHT
	local file=$WORK/display
	: >"$file"
	begin Xvfb -displayfd 3 -noreset -screen 0 "${1}x24" -nolisten tcp 3>"$file"
	XVFB=$begun
	within test -s "$file"
	DISPLAY=:$(cat "$file")
}

# shoot opens a view on a display of the window's size, and takes its picture.
shoot() { # view theme size file
	rm -rf "$HOME/.config"
	display "$3"
	FYNE_THEME=$2 begin build/dot-proxy-window --control "$WORK/control.sock" --view "$1"
	local window=$begun id
	within xdotool search --onlyvisible --pid "$window"
	id=$(xdotool search --onlyvisible --pid "$window" | head -n 1)
	xdotool windowmove "$id" 0 0 windowsize "$id" "${3%x*}" "${3#*x}"
	sleep 2 # the picture is of what was drawn since
	import -window root "$4"
	kill "$window" "$XVFB"
	wait "$window" "$XVFB" 2>/dev/null || true
	say "$4"
}

shoot home light 960x640 "$OUT/window-home.png"
shoot queries light 960x640 "$OUT/window-queries.png"

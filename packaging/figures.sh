#!/bin/bash
# Measures the window: CPU, memory and frames of window and engine while 0, 100
# and 1000 queries a second are answered. Drawn by software, on a display, a bus
# and an engine of its own (--demo), on loopback only. Installs what is missing
# (Debian, Ubuntu) and prints a table.
#
#   ./packaging/figures.sh [--seconds S] [--rates LIST] [--views LIST]
#
#   --seconds S   how long each is measured (10; at most 600)
#   --rates LIST  queries a second, with commas between (0,100,1000; at most 10000)
#   --views LIST  of: home queries providers check settings (home,queries)
set -eu
export LC_ALL=C.UTF-8
cd "$(dirname "$0")/.."
# shellcheck source=packaging/common.sh
. packaging/common.sh

LENGTH=10 RATES=0,100,1000 VIEWS=home,queries
# What is waited for before each measurement, in seconds: the toolkit keeps the
# pictures of texts for twelve.
SETTLE=13

usage() {
	say "$1"
	exit 2
}

whole() { # flag value least most
	case $2 in
	"" | *[!0-9]* | ??????*) usage "$1 takes whole numbers from $3 to $4, not '$2'." ;;
	esac
	if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then return; fi
	usage "$1 takes whole numbers from $3 to $4, not '$2'."
}

while [ $# -gt 0 ]; do
	case $1 in
	--seconds | --rates | --views) [ $# -gt 1 ] || usage "$1 needs a value." ;;
	*) usage "'$1' is not known here; the flags are --seconds, --rates and --views." ;;
	esac
	case $1 in
	--seconds) whole "$1" "$2" 1 600 && LENGTH=$2 ;;
	--rates) RATES=$2 ;;
	--views) VIEWS=$2 ;;
	esac
	shift 2
done
for rate in ${RATES//,/ }; do whole --rates "$rate" 0 10000; done
for view in ${VIEWS//,/ }; do
	case $view in
	home | queries | providers | check | settings) ;;
	*) usage "--views knows home, queries, providers, check and settings, not '$view'." ;;
	esac
done

# shellcheck disable=SC2086
need_packages $GUI_BUILD_PACKAGES $GUI_RUN_PACKAGES xvfb xdotool dbus-daemon dnsperf
need_go
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

# begin starts a program in the background and keeps its process in $begun.
begin() { # output program...
	local out=$1
	shift
	"$@" >"$out" 2>"$out.err" &
	begun=$!
	pids+=("$begun")
}

# end ends a program that begin started.
end() { # process
	local p left=()
	kill "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	for p in "${pids[@]}"; do [ "$p" = "$1" ] || left+=("$p"); done
	pids=("${left[@]}")
}

# await tries a command for ten seconds.
await() { # what command...
	local what=$1 i
	shift
	for i in $(seq 1000); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.01
	done
	die "This was waited for in vain ($i times): $what. $(cat "$WORK"/*.err 2>/dev/null | tail -n 3)"
}

desktop() {
	export HOME=$WORK/home XDG_RUNTIME_DIR=$WORK/run FYNE_SCALE=1 FYNE_THEME=light LIBGL_ALWAYS_SOFTWARE=1 DOTPROXY_FIGURES=1
	unset WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_CACHE_HOME XDG_STATE_HOME XDG_DATA_HOME
	mkdir -m 700 "$HOME" "$XDG_RUNTIME_DIR"
	# Not a first run, which has a page of its own.
	mkdir -p "$HOME/.config/fyne/io.github.dotproxy.DotProxy"
	printf '{"window.welcomed":true}' >"$HOME/.config/fyne/io.github.dotproxy.DotProxy/preferences.json"
	begin "$WORK/display" Xvfb -noreset -displayfd 1 -screen 0 1100x760x24 -nolisten tcp
	await "a display" test -s "$WORK/display"
	DISPLAY=:$(cat "$WORK/display")
	begin "$WORK/bus" dbus-daemon --session --nofork --print-address=1
	await "a bus" test -s "$WORK/bus"
	DBUS_SESSION_BUS_ADDRESS=$(head -n 1 "$WORK/bus")
	export DISPLAY DBUS_SESSION_BUS_ADDRESS
}

seen() { xdotool search --onlyvisible --name '^DoT Proxy$'; }

milliseconds() { date +%s%3N; }

# open starts the window, in $window, and tells in $opened how many milliseconds
# it took until it was there.
open() { # view
	local from
	from=$(milliseconds)
	begin "$WORK/window" build/dot-proxy-window --control "$WORK/run/c.sock" --view "$1"
	window=$begun
	await "the window" seen
	opened=$(($(milliseconds) - from))
}

# ticks are the CPU of a process so far, of all its threads.
ticks() { awk '{sub(/.*\) /, ""); print $12 + $13}' "/proc/$1/stat"; }

memory() { awk '/^VmRSS:/ {printf "%.0f", $2 / 1024}' "/proc/$1/status"; }

# percent is the share of one core that ticks are of the measurement.
percent() { # from to
	awk -v n=$(($2 - $1)) -v hz="$(getconf CLK_TCK)" -v s="$LENGTH" 'BEGIN {printf "%.1f", 100 * n / hz / s}'
}

answered() { build/dot-proxy status --json --control "$WORK/run/c.sock" | awk -F '[:,]' '/"queries"/ {print $2 + 0; exit}'; }

names() {
	local i
	for i in $(seq 1000); do printf 'www%d.example.com A\n' "$i"; done
}

# measure prints the line of one rate and view.
measure() { # rate view
	local engine window opened n w e frames
	begin "$WORK/engine" build/dot-proxy serve --demo -l 127.0.0.1 -p "$port" --control "$WORK/run/c.sock" --settings "$WORK/none.toml"
	engine=$begun
	await "the engine" build/dot-proxy healthcheck --control "$WORK/run/c.sock"
	open "$2"
	[ "$1" = 0 ] || begin "$WORK/load" dnsperf -s 127.0.0.1 -p "$port" -d "$WORK/names" -Q "$1" -c 4 -l $((SETTLE + LENGTH + 10))
	sleep "$SETTLE"
	n=$(answered) w=$(ticks "$window") e=$(ticks "$engine")
	sleep "$LENGTH"
	w=$(percent "$w" "$(ticks "$window")") e=$(percent "$e" "$(ticks "$engine")") n=$((($(answered) - n) / LENGTH))
	local held
	held="$(memory "$window") $(memory "$engine")"
	[ "$1" = 0 ] || end "$begun"
	end "$window"
	end "$engine"
	frames=$(awk '/^frames/ {print $2 "  " ($4 == "" ? "–" : $4 " / " $6 " / " $8)}' "$WORK/window")
	# shellcheck disable=SC2086
	printf '%-9s %6d %9s %10d %9s %10d %8d   %s\n' "$2" "$n" "$w" ${held% *} "$e" ${held#* } "$opened" "$frames"
}

desktop
names >"$WORK/names"
port=$((20000 + $$ % 20000))
begin "$WORK/engine" build/dot-proxy serve --demo -l 127.0.0.1 -p "$port" --control "$WORK/run/c.sock" --settings "$WORK/none.toml"
first=$begun
await "the engine" build/dot-proxy healthcheck --control "$WORK/run/c.sock"
open home # the first is cold
end "$window"
end "$first"
printf '%-9s %6s %9s %10s %9s %10s %8s   %s\n' "" "per s" "window" "window" "engine" "engine" "opens" "frames"
printf '%-9s %6s %9s %10s %9s %10s %8s   %s\n' "view" "asked" "CPU %" "MiB" "CPU %" "MiB" "ms" "drawn, ms: half / 99 of 100 / all within"
for view in ${VIEWS//,/ }; do
	for rate in ${RATES//,/ }; do measure "$rate" "$view"; done
done

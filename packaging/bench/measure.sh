# shellcheck shell=bash disable=SC2154
# Sourced by bench.sh: starting and ending programs, and what is measured of
# them. Expects HERE (an address of this run's own), WORK, TSV and SECONDS_EACH.

TICK=$(getconf CLK_TCK)
children=()

# free_port sets port to one that nobody on this computer uses. Each run has an
# address of its own, so that only a program on all addresses could be there.
next_port=20000
free_port() {
	while
		next_port=$((next_port + 2))
		ss -Htuan | awk -v a=":$next_port" -v b=":$((next_port + 1))" \
			'{n = length($5); if (substr($5, n-5) == a || substr($5, n-5) == b) found = 1} END {exit !found}'
	do :; done
	port=$next_port
}

# launch starts a program that ends with this script, however that ends, and
# sets pid.
launch() { # log command...
	local log=$1
	shift
	setpriv --pdeathsig KILL -- "$@" >"$log" 2>&1 </dev/null &
	pid=$!
	children+=("$pid")
}

# finish ends one, at first politely.
finish() { # pid
	local i
	kill "$1" 2>/dev/null || true
	for ((i = 0; i < 30; i++)); do
		kill -0 "$1" 2>/dev/null || break
		sleep 0.1
	done
	kill -KILL "$1" 2>/dev/null || true
	wait "$1" 2>/dev/null || true
	for i in "${!children[@]}"; do
		[ "${children[i]}" != "$1" ] || unset "children[i]"
	done
}

# await_tcp waits until a program listens.
await_tcp() { # pid port log
	local i
	for ((i = 0; i < 100; i++)); do
		[ -z "$(ss -Htln "src $HERE:$2")" ] || return 0
		kill -0 "$1" 2>/dev/null || break
		sleep 0.05
	done
	die "What the forwarders are to ask did not start: $(tail -n 1 "$3")"
}

record() { printf '%s\t%s\t%s\t%s\n' "$who" "$run" "$1" "$2" >>"$TSV"; } # metric value

# cpu_ticks is what all threads of the forwarder have used.
cpu_ticks() { sed 's/^.*) //' "/proc/$forwarder/stat" 2>/dev/null | awk '{print $12 + $13}'; }

# first_answer asks, for ten seconds at most, until the forwarder answers without
# an error, and prints the milliseconds since began, exact to about three.
first_answer() { # began port
	local i header last=$((SECONDS + 10))
	for ((i = 0; i < 1000 && SECONDS < last; i++)); do
		kill -0 "$forwarder" 2>/dev/null || return 1
		header=$({
			printf '\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x08start%03d\x05bench\x04test\x00\x00\x01\x00\x01' "$i" >&8
			timeout 1 od -An -tx1 -N4 <&8
		} 8<>"/dev/udp/$HERE/$2" 2>/dev/null) || true
		case $header in
		" 12 34 8"?" "?0)
			awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.1f\n", (b - a) * 1000}'
			return
			;;
		esac
		sleep 0.002
	done
	return 1
}

# perf runs dnsperf, which ends by itself, so that a signal is heeded meanwhile.
perf() { # output argument...
	local out=$1
	shift
	launch "$out" timeout $((SECONDS_EACH + 20)) setpriv --pdeathsig KILL dnsperf -s "$HERE" -p "$port" -T 1 "$@"
	wait "$pid" || true
	unset "children[-1]"
}

# load records what one run of dnsperf brought: queries per second, failed ones,
# CPU microseconds per answered query and, where dnsperf names each query, how
# late the answers were.
load() { # metric-prefix argument...
	local name=$1 out=$WORK/perf before after
	shift
	before=$(cpu_ticks)
	perf "$out" "$@"
	after=$(cpu_ticks)
	if [ -z "$after" ]; then
		say "$who ended in the middle of $name: $(tail -n 1 "$WORK/$who/log")"
		return 1
	fi
	awk -v name="$name" -v cpu="$(awk -v t=$((after - before)) -v hz="$TICK" 'BEGIN {print t * 1e6 / hz}')" '
		/Queries sent:/ {sent = $3}
		/Queries completed:/ {done = $3}
		/Queries per second:/ {qps = $4}
		/Response codes:/ {for (i = 3; i < NF; i++) if ($i == "NOERROR") good = $(i + 1)}
		END {
			print name "_qps", qps + 0
			print name "_failed", sent - good
			if (done) print name "_cpu", cpu / done
		}' "$out" >"$WORK/metrics"
	awk '/^> / && $2 != "T" && $2 != "I" {print $NF * 1000}' "$out" | sort -g | awk -v name="$name" '
		{late[NR] = $1}
		END {
			if (!NR) exit
			print name "_p50", late[int((NR + 1) / 2)]
			print name "_p99", late[int((NR * 99 + 99) / 100)]
		}' >>"$WORK/metrics"
	local metric value
	while read -r metric value; do record "$metric" "$value"; done <"$WORK/metrics"
}

#!/bin/bash
# Measures DoT Proxy beside other DNS-over-TLS forwarders: each by turns, on
# loopback only, with the same queries for the same server, which answers all
# names by itself. Installs what is missing (Debian, Ubuntu). Prints a table and
# writes bench.tsv, bench.md and bench.svg.
#
#   ./packaging/bench.sh [--runs N] [--seconds S] [--only LIST] [--peers LIST] [--out DIR] [--publish]
#
#   --runs N      measure everything N times and print the median (3; at most 20)
#   --seconds S   length of each load (3; at most 60)
#   --only LIST   of: hit hit-rate miss miss-rate burst late start memory
#   --peers LIST  of: unbound dnsdist stubby coredns; or none
#   --out DIR     where the files go (a new folder, whose name is printed)
#   --publish     also writes assets/bench.svg and the part of README.md about it
set -eu
export LC_ALL=C.UTF-8
INVOKED=$PWD
cd "$(dirname "$0")/.."
# shellcheck source=packaging/common.sh
. packaging/common.sh
# shellcheck source=packaging/bench/forwarders.sh
. packaging/bench/forwarders.sh
# shellcheck source=packaging/bench/measure.sh
. packaging/bench/measure.sh

ALL_WORK="hit hit-rate miss miss-rate burst late start memory"
ALL_PEERS="unbound dnsdist stubby coredns"
RUNS=3 SECONDS_EACH=3 ONLY=$ALL_WORK PEERS=$ALL_PEERS OUT='' PUBLISH=''

usage() {
	say "$1"
	exit 2
}

# number takes a whole number from 1 to a limit.
number() { # flag value most
	case $2 in
	"" | 0* | *[!0-9]* | ???*) usage "$1 takes a whole number from 1 to $3, not '$2'." ;;
	esac
	[ "$2" -le "$3" ] || usage "$1 takes a whole number from 1 to $3, not '$2'."
	printf '%s' "$2"
}

# some takes words out of a list, with commas or spaces between them.
some() { # flag value known
	local word words=${2//,/ }
	for word in $words; do
		case " $3 " in *" $word "*) ;; *) usage "$1 knows $3, not '$word'." ;; esac
	done
	[ -n "${words// /}" ] || usage "$1 needs at least one of $3."
	printf '%s' "$words"
}

# A substitution cannot end this script itself, so that a flag whose value is
# wrong ends it after esac.
arguments() {
	while [ $# -gt 0 ]; do
		case $1 in
		--runs | --seconds | --only | --peers | --out) [ $# -gt 1 ] || usage "$1 needs a value." ;;
		esac
		case $1 in
		--runs) RUNS=$(number "$1" "$2" 20) && shift ;;
		--seconds) SECONDS_EACH=$(number "$1" "$2" 60) && shift ;;
		--only) ONLY=$(some "$1" "$2" "$ALL_WORK") && shift ;;
		--peers) if [ "$2" = none ]; then PEERS=; else PEERS=$(some "$1" "$2" "$ALL_PEERS"); fi && shift ;;
		--out) case $2 in /*) OUT=$2 ;; *) OUT=$INVOKED/$2 ;; esac && shift ;;
		--publish) PUBLISH=1 ;;
		-h | --help) sed -n '2,/^set -eu/s/^# \{0,1\}//p' packaging/bench.sh && exit 0 ;;
		*) usage "There is no flag '$1'; see packaging/bench.sh --help." ;;
		esac || exit
		shift
	done
	[ -z "$PUBLISH" ] || [ "$ONLY $PEERS" = "$ALL_WORK $ALL_PEERS" ] ||
		usage "--publish needs everything measured, so it does not go with --only or --peers."
	[ -z "$OUT" ] || mkdir -p "$OUT" 2>/dev/null || usage "--out takes a folder, and '$OUT' cannot be made."
}

# wanted tells whether one of the workloads was asked for.
wanted() {
	local w
	for w; do case " $ONLY " in *" $w "*) return 0 ;; esac done
	return 1
}

# install fetches and builds what is missing. The packages of the peers may start
# services of their own; nothing here needs them.
install() {
	local packages="dnsdist dnsperf openssl iproute2 util-linux" p new=''
	for p in $PEERS; do [ "$p" = coredns ] || packages="$packages $p"; done
	for p in dnsdist unbound stubby; do
		case " $packages " in *" $p "*) installed "$p" || new="$new $p" ;; esac
	done
	# shellcheck disable=SC2086
	need_packages $packages
	[ -z "$new" ] || say "Where the new packages started services, this ends them: systemctl disable --now$new"
	need_go
	case " $PEERS " in *" coredns "*) need_coredns ;; esac
	mkdir -p build "$WORK/bin"
	(
		flock 9 # another run may build now
		build_engine
		cp build/dot-proxy "$WORK/bin/dot-proxy"
	) 9>build/.lock
	go build -o "$WORK/bin/" ./packaging/bench/relay ./packaging/bench/report
}

# start_servers starts the server and two ways to it: one that counts
# connections, and one that is long, too.
start_servers() {
	free_port
	server=$port
	configure_server "$server"
	launch "$WORK/server.log" dnsdist --supervised --disable-syslog -C "$WORK/server.conf"
	await_tcp "$pid" "$server" "$WORK/server.log"
	free_port
	near=$port far=$((port + 1))
	launch "$WORK/near.log" "$WORK/bin/relay" -listen "$HERE:$near" -to "$HERE:$server"
	await_tcp "$pid" "$near" "$WORK/near.log"
	launch "$WORK/far.log" "$WORK/bin/relay" -listen "$HERE:$far" -to "$HERE:$server" -delay 10ms
	await_tcp "$pid" "$far" "$WORK/far.log"
}

queries() { # file letter count
	awk -v l="$2" -v n="$3" 'BEGIN {for (i = 0; i < n; i++) printf "%s%06x.bench.test A\n", l, i}' >"$WORK/$1"
}

make_queries() {
	queries warm w 100
	queries hit h 1000
	queries miss m $((SECONDS_EACH * 150000))
	queries miss-rate r $((SECONDS_EACH * 2500))
	queries burst b 1000
	queries late l $((SECONDS_EACH * 1500))
}

# boot starts the forwarder who, which asks the given port, and lets it answer
# some queries.
boot() { # server-port
	local dir=$WORK/$who began
	mkdir -p "$dir"
	free_port
	"configure_${who//-/_}" "$port" "$1" "$dir"
	began=$EPOCHREALTIME
	launch "$dir/log" "${command[@]}"
	forwarder=$pid
	first=$(first_answer "$began" "$port") || {
		say "$who does not answer: $(tail -n 1 "$dir/log")"
		finish "$forwarder"
		return 1
	}
	perf "$WORK/perf" -d "$WORK/warm" -n 1 -q 4
}

connections() { wc -l <"$WORK/$1.log"; } # near or far

# steady measures what one process does in a row.
steady() {
	boot "$server" || return
	if wanted start; then record start_ms "$first"; fi
	perf "$WORK/perf" -d "$WORK/hit" -n 2 -q 10
	if wanted hit; then load hit -d "$WORK/hit" -l "$SECONDS_EACH" -c 10 -q 100; fi &&
		if wanted hit-rate; then load hit-rate -d "$WORK/hit" -l "$SECONDS_EACH" -c 10 -q 1000 -Q 5000 -v; fi &&
		if wanted miss; then load miss -d "$WORK/miss" -l "$SECONDS_EACH" -n 1 -c 10 -q 100; fi &&
		if wanted miss-rate; then load miss-rate -d "$WORK/miss-rate" -l "$SECONDS_EACH" -n 1 -c 10 -q 1000 -Q 2000 -v; fi &&
		if wanted memory; then record memory_mib "$(awk '/^VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$forwarder/status")"; fi
	local status=$?
	finish "$forwarder"
	return $status
}

# burst asks a thousand names at once after the server closed the connection.
burst() {
	boot "$near" || return
	sleep 3.5
	local before status=0
	before=$(connections near)
	load burst -d "$WORK/burst" -n 1 -c 50 -q 1000 -v && record burst_conns $(($(connections near) - before)) || status=1
	finish "$forwarder"
	return $status
}

# late asks a server whose answers take 20 ms.
late() {
	boot "$far" || return
	local before status=0
	before=$(connections far)
	load late -d "$WORK/late" -l "$SECONDS_EACH" -n 1 -c 10 -q 1000 -Q 1000 -v && record late_conns $(($(connections far) - before)) || status=1
	finish "$forwarder"
	return $status
}

# facts names the machine and the programs.
facts() {
	local cores p programs='' cpu virtual='' again="packaging/bench.sh --runs $RUNS --seconds $SECONDS_EACH"
	[ "$ONLY" = "$ALL_WORK" ] || again="$again --only ${ONLY// /,}"
	[ "$PEERS" = "$ALL_PEERS" ] || again="$again --peers $(p=${PEERS:-none} && echo "${p// /,}")"
	cores=$(nproc)
	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	if grep -qw hypervisor /proc/cpuinfo || systemd-detect-virt -q --vm 2>/dev/null; then virtual=' of a virtual machine'; fi
	for p in dot-proxy $PEERS; do programs="$programs, $(version_of "$p")"; done
	printf '# %s\t%s\n' \
		Machine "${cpu:-$(uname -m)}, $cores cores$virtual, Linux $(uname -r), load before $(cut -d' ' -f1 /proc/loadavg)" \
		Programs "${programs#, }; server: $(version_of dnsdist); load: dnsperf $(dpkg-query -W -f '${Version}' dnsperf), on the same cores" \
		Command "\`$again\` on $(date -u +%F)"
}

cleanup() {
	trap - EXIT
	local c
	for c in ${children[@]+"${children[@]}"}; do kill "$c" 2>/dev/null || true; done
	for c in ${children[@]+"${children[@]}"}; do finish "$c"; done
	rm -rf "$WORK"
}

arguments "$@"
WORK=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
PATH=$PATH:/usr/sbin:/sbin:$(tools_dir)
install
TSV=$WORK/bench.tsv
HERE=127.$((64 + ($$ >> 16) % 64)).$(($$ >> 8 & 255)).$(($$ & 255))
make_ca
make_queries
facts >"$TSV"
start_servers
failed=0
for ((run = 1; run <= RUNS; run++)); do
	for who in dot-proxy $PEERS; do
		say "run $run of $RUNS: $who"
		if wanted start hit hit-rate miss miss-rate memory; then steady || failed=1; fi
		if wanted burst; then burst || failed=1; fi
		if wanted late; then late || failed=1; fi
	done
done
[ -n "$OUT" ] || OUT=$(mktemp -d -t dot-proxy-bench.XXXXXX)
cp "$TSV" "$OUT/"
"$WORK/bin/report" -dir "$OUT"
[ "$failed" = 0 ] || die "Not everything could be measured. What could is in $OUT"
if [ -n "$PUBLISH" ]; then "$WORK/bin/report" -dir "$OUT" -publish README.md >/dev/null; fi
say "bench.tsv, bench.md and bench.svg are in $OUT"

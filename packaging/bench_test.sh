#!/bin/bash
# Tests bench.sh: what it says to wrong arguments, two very short runs at once,
# and that nothing is left running however it ends. Closes with a line of counts.
set -u
cd "$(dirname "$0")/.." || exit 1

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
OUT=$WORK/out
passed=0 failed=0

ok() { # name condition...
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok $name"
		sed 's/^/    /' "$OUT"
	fi
}
no() { ! "$@"; }
said() { grep -qF -- "$1" "$OUT"; }

test_arguments() {
	local flags wanted status
	while IFS='|' read -r flags wanted; do
		# shellcheck disable=SC2086
		packaging/bench.sh $flags >"$OUT" 2>&1
		status=$?
		ok "$flags: status 2" [ $status = 2 ]
		ok "$flags: one sentence" [ "$(cat "$OUT")" = "$wanted" ]
	done <<-END
		--fast|There is no flag '--fast'; see packaging/bench.sh --help.
		--runs|--runs needs a value.
		--runs 0|--runs takes a whole number from 1 to 20, not '0'.
		--runs 21|--runs takes a whole number from 1 to 20, not '21'.
		--seconds 1.5|--seconds takes a whole number from 1 to 60, not '1.5'.
		--seconds 99999999999999999999|--seconds takes a whole number from 1 to 60, not '99999999999999999999'.
		--only hit,hot|--only knows hit hit-rate miss miss-rate burst late start memory, not 'hot'.
		--only ,|--only needs at least one of hit hit-rate miss miss-rate burst late start memory.
		--peers bind9|--peers knows unbound dnsdist stubby coredns, not 'bind9'.
		--out /dev/null/here|--out takes a folder, and '/dev/null/here' cannot be made.
		--publish --only hit|--publish needs everything measured, so it does not go with --only or --peers.
	END
	packaging/bench.sh --help >"$OUT" 2>&1
	ok "--help: status 0" [ $? = 0 ]
	ok "--help: names the flags" said "--seconds S"
	ok "--help: is text alone" no said "set -eu"
	cp README.md "$OUT"
	ok "README has a place for the results" said "<!-- bench: written by packaging/bench.sh --publish -->"
}

# begin starts a run with temporary files of its own, and sets pid.
begin() { # name flag...
	local name=$1
	shift
	mkdir -p "$WORK/$name"
	TMPDIR=$WORK/$name packaging/bench.sh --seconds 1 --runs 1 --only hit --peers unbound "$@" >"$WORK/$name.log" 2>&1 &
	pid=$!
}

# gone tells whether no process works with a run's files any more. One that was
# killed may need a moment.
gone() { # name
	local i
	for ((i = 0; i < 50; i++)); do
		pgrep -f "$WORK/$1/" >/dev/null || return 0
		sleep 0.1
	done
	return 1
}
empty() { [ -z "$(find "$WORK/$1" -mindepth 1)" ]; }
well_formed() { python3 -c 'import sys, xml.dom.minidom as x; sys.exit(x.parse(sys.argv[1]).documentElement.tagName != "svg")' "$1"; }

test_two_at_once() {
	local one name status
	begin one --out "$WORK/results one"
	one=$pid
	begin two --out "$WORK/results two"
	for name in two one; do
		wait "$pid"
		status=$?
		OUT=$WORK/$name.log
		ok "$name: status 0" [ $status = 0 ]
		ok "$name: prints values" grep -Eq '^Cached answers, full load: CPU per query, µs +[0-9.]+ +[0-9.]+$' "$OUT"
		ok "$name: prints multiples" grep -Eq '^Cached answers, full load: CPU per query +1\.00× +[0-9.]+×$' "$OUT"
		ok "$name: names the programs" grep -q '^Programs: DoT Proxy .*, Unbound [0-9]' "$OUT"
		ok "$name: both answered all" no said "full load: failed"
		ok "$name: writes raw values" [ "$(grep -c $'^\\(dot-proxy\\|unbound\\)\t1\thit_\\(cpu\\|qps\\|failed\\)\t[0-9.]*$' "$WORK/results $name/bench.tsv")" = 6 ]
		ok "$name: writes Markdown" grep -q '^| | DoT Proxy | Unbound |$' "$WORK/results $name/bench.md"
		ok "$name: draws a chart" well_formed "$WORK/results $name/bench.svg"
		ok "$name: leaves no process" gone "$name"
		ok "$name: leaves no file" empty "$name"
		pid=$one
	done
}

# A peer that does not work is named, and the others are measured.
test_broken_peer() {
	mkdir "$WORK/bin"
	printf '#!/bin/sh\necho out of order >&2\nexit 1\n' >"$WORK/bin/unbound"
	chmod +x "$WORK/bin/unbound"
	PATH=$WORK/bin:$PATH begin broken --out "$WORK/results"
	wait "$pid"
	local status=$?
	OUT=$WORK/broken.log
	ok "broken peer: status 1" [ $status = 1 ]
	ok "broken peer: is named" said "unbound does not answer: out of order"
	ok "broken peer: says where the rest is" said "What could is in $WORK/results"
	ok "broken peer: DoT Proxy is measured" grep -q $'^dot-proxy\t1\thit_cpu\t' "$WORK/results/bench.tsv"
	ok "broken peer: leaves no process" gone broken
}

# under_load waits until a run measures.
under_load() { # name
	local i
	for ((i = 0; i < 600; i++)); do
		if pgrep -f "$WORK/$1/.*/hit " >/dev/null; then return 0; fi
		sleep 0.1
	done
	return 1
}

test_signals() {
	local signal status
	while read -r signal wanted; do
		begin "$signal"
		OUT=$WORK/$signal.log
		ok "$signal: comes to measure" under_load "$signal"
		kill -s "$signal" "$pid"
		wait "$pid" 2>/dev/null
		status=$?
		ok "$signal: status $wanted" [ $status = "$wanted" ]
		ok "$signal: leaves no process" gone "$signal"
		[ "$signal" = KILL ] || ok "$signal: leaves no file" empty "$signal"
	done <<-END
		TERM 143
		KILL 137
	END
}

for t in arguments two_at_once broken_peer signals; do "test_$t"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

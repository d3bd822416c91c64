#!/bin/bash
# Installs what is missing and runs every test. Ends with a line of counts;
# the status is 0 only where nothing failed.
#
#   ./packaging/test.sh           all that must hold for a change
#   ./packaging/test.sh --long    and longer campaigns: fuzzing, random faults
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=packaging/common.sh
. packaging/common.sh

LONG=
case "${1-}" in
"") ;;
--long) LONG=1 ;;
*) die "usage: $0 [--long]" ;;
esac

TOOLS=$(tools_dir)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
passed=0 failed=0 skipped=0
export LC_ALL=C.UTF-8 PATH=$TOOLS:$PATH:/usr/sbin:/sbin

pass() { passed=$((passed + 1)); }
fail() {
	failed=$((failed + 1))
	say "FAILED: $1"
}
skip() { # name why
	skipped=$((skipped + 1))
	say "skipped: $1: $2"
}

# check runs one command as one test.
check() { # name command...
	local name=$1 began=$SECONDS
	shift
	if ("$@") >"$WORK/out" 2>&1; then # what calls exit fails this check alone
		pass
		say "ok $name ($((SECONDS - began)) s)"
	else
		fail "$name"
		cat "$WORK/out" >&2
	fi
}

# counted runs a script that closes with "N passed, N failed".
counted() { # name command...
	local name=$1 began=$SECONDS p f status=0
	shift
	"$@" >"$WORK/out" 2>&1 || status=$?
	p=$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed.*/\1/p' "$WORK/out" | tail -n 1)
	f=$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed.*/\1/p' "$WORK/out" | tail -n 1)
	passed=$((passed + ${p:-0}))
	failed=$((failed + ${f:-0}))
	if [ "$status" != 0 ] || [ -z "$p" ]; then
		[ "${f:-0}" -gt 0 ] || fail "$name (status $status)"
		cat "$WORK/out" >&2
	fi
	say "$name: ${p:-0} passed, ${f:-0} failed ($((SECONDS - began)) s)"
}

# go_tests counts every test and subtest that ran.
go_tests() { # name arguments...
	local name=$1 began=$SECONDS status=0 p f s
	shift
	gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg --jsonfile "$WORK/go.json" -- "$@" >&2 || status=$?
	p=$(grep -c '"Action":"pass".*"Test":' "$WORK/go.json" || true)
	f=$(grep -c '"Action":"fail".*"Test":' "$WORK/go.json" || true)
	s=$(grep -c '"Action":"skip".*"Test":' "$WORK/go.json" || true)
	passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
	if [ "$status" != 0 ] && [ "$f" = 0 ]; then fail "$name (a package did not build or ended early)"; fi
	if [ "$p" = 0 ]; then fail "$name ran no test"; fi
	say "$name: $p passed, $f failed, $s skipped ($((SECONDS - began)) s)"
}

install_all() {
	local began=$SECONDS
	# shellcheck disable=SC2086
	need_packages $RUN_PACKAGES $GUI_BUILD_PACKAGES $GUI_RUN_PACKAGES curl git unzip \
		xvfb xauth dbus-daemon dbus-x11 xdotool openbox xfce4-panel imagemagick x11-utils fonts-dejavu-core fonts-droid-fallback \
		bind9-dnsutils knot-dnsutils dnsperf unbound dnsdist dnsmasq-base openssl iproute2 iptables procps util-linux \
		python3 docker.io docker-compose ansible shellcheck desktop-file-utils libcap2-bin
	need_go
	mkdir -p "$TOOLS"
	(cd packaging/tools && go build -o "$TOOLS/" honnef.co/go/tools/cmd/staticcheck golang.org/x/vuln/cmd/govulncheck gotest.tools/gotestsum &&
		go build -o "$TOOLS/toxiproxy-server" github.com/Shopify/toxiproxy/v2/cmd/server)
	need_coredns
	say "everything is installed ($((SECONDS - began)) s)"
}

formatted() {
	local bad
	bad=$(gofmt -l app resolver ui assets packaging)
	[ -z "$bad" ] || { echo "not formatted: $bad" && return 1; }
}

# Rules of the linter that are off: ST1000 (a package comment stands in one file
# of a package, which the rule sees in each of its tests too), ST1005 (messages
# for people begin with a capital and end with a full stop), ST1003 (names such
# as the standard library's syscall constants keep their spelling).
lint() { staticcheck -checks all,-ST1000,-ST1003,-ST1005 ./...; }

vulnerabilities() {
	if govulncheck ./... >"$WORK/vuln" 2>&1; then
		pass
		say "ok no known vulnerability"
	elif grep -Eqi 'no such host|dial tcp|connection refused|timeout|lookup|fetching' "$WORK/vuln"; then
		skip govulncheck "its database cannot be reached from here"
	else
		fail govulncheck
		cat "$WORK/vuln" >&2
	fi
}

# Programs and packages without cgo must build for the other systems too.
vet_other() { # GOOS
	local packages="./resolver/... ./app/control/... ./app/settings/... ./app/querylog/... ./app/daemon/... ./app/demo/... ./app/systemdns/... ./app/netwatch/... ./app/portal/... ./app/autostart/... ./app/activation/... ./app/cmd/dot-proxy ./ui/viewmodel/..."
	[ "$1" != windows ] || packages="$packages ./app/tray/... ./app/cmd/dot-proxy-tray"
	# shellcheck disable=SC2086
	CGO_ENABLED=0 GOOS=$1 go vet $packages
}

tidy() { go mod tidy -diff && (cd packaging/tools && go mod tidy -diff); }

scripts() {
	shellcheck -x -P . packaging/*.sh packaging/*/*.sh assets/*.sh .ci/run
}

fuzz() {
	local pkg f
	go list -f '{{.Dir}} {{.ImportPath}}' ./... | while read -r dir pkg; do
		grep -ho '^func Fuzz[A-Za-z0-9]*' "$dir"/*_test.go 2>/dev/null | sed 's/func //' | while read -r f; do
			echo "$pkg $f"
		done
	done >"$WORK/fuzz"
	while read -r pkg f; do
		check "fuzz $f" go test -run '^$' -fuzz "^$f\$" -fuzztime 60s "$pkg"
	done <"$WORK/fuzz"
}

install_all
check gofmt formatted
check "go.mod is tidy" tidy
check shellcheck scripts
check "build dot-proxy" build_engine
check "build tray and window" build_gui
check "dot-proxy is static" sh -c 'file -L build/dot-proxy 2>/dev/null | grep -q "statically linked" || ! ldd build/dot-proxy'
check "go vet" go vet ./...
check "go vet, Windows" vet_other windows
check "go vet, macOS" vet_other darwin
check staticcheck lint
vulnerabilities
DOTPROXY_PEER_TESTS=1 DOTPROXY_GUI_TESTS=1 go_tests "go test -race" -race -timeout 15m ./...
counted "run.sh" packaging/run_test.sh
counted "bench.sh" packaging/bench_test.sh
counted "Docker, compose and Ansible" packaging/docker/test.sh
if as_root unshare --mount --net --pid --fork true; then
	counted "system DNS" packaging/lab/test.sh
else
	skip "system DNS" "this user may not make namespaces"
fi
if [ -n "$LONG" ]; then
	fuzz
	check "random faults" packaging/soak.sh
fi

say "all of it: $SECONDS s"
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

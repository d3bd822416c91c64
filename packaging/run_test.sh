#!/bin/bash
# shellcheck disable=SC2016 # the fakes are scripts in quotation marks
# Tests run.sh on computers that are made up: a copy of it sees only the programs
# of one folder, most of them fakes that write down how they were called. It runs
# in namespaces of its own, where all ports are free and no Go is installed. Closes with a line of counts.
set -u
cd "$(dirname "$0")/.." || exit 1

if [ "${1-}" != inside ]; then
	user=()
	[ "$(id -u)" = 0 ] || user=(--map-root-user)
	exec unshare "${user[@]}" --net --mount "$0" inside
fi
PATH=$PATH:/usr/sbin:/sbin
ip link set lo up
for dir in /usr/local/go /usr/lib/go-*; do
	if [ -d "$dir" ]; then mount -t tmpfs none "$dir"; fi
done

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
TREE=$WORK/tree BIN=$WORK/bin CALLS=$WORK/calls OUT=$WORK/out
passed=0 failed=0

# fake puts a program into the made-up computer that notes its call, then runs
# the given lines.
fake() { # name lines
	printf '#!/bin/bash\necho "%s $*" >>"%s"\n%s\n' "$1" "$CALLS" "${2-}" >"$BIN/$1"
	chmod +x "$BIN/$1"
}

# A Go of a version, which "builds" programs that note their call.
fake_go() { # version [build-tool lines]
	fake go 'case "$1 $2" in
"env GOVERSION") echo go'"$1"' ;;
"version "*) '"${2-true}"' ;;
build*)
	while [ "$1" != -o ]; do shift; done
	printf "#!/bin/bash\necho \"${2%.new} \$*\" >>\"'"$CALLS"'\"\ncase \$0 in *tray) sleep 0.5 ;; esac\n[ \"\${1-}\" != status ] || [ -e \"'"$WORK"'/runs\" ]\n" >"$2"
	chmod +x "$2" ;;
esac'
}

# computer makes one: Debian with all packages and Go, a user who may not use
# port 53, no display.
computer() {
	rm -rf "${WORK:?}"/{tree,bin,home,runs}
	mkdir -p "$TREE/packaging" "$BIN" "$WORK/home"
	cp packaging/run.sh packaging/common.sh "$TREE/packaging/"
	echo 'Version = "1.2.3"' >"$TREE/FyneApp.toml"
	printf 'module dotproxy\n\ngo 1.26.0\n' >"$TREE/go.mod"
	: >"$CALLS"
	local p
	for p in awk bash chmod cmp cut dirname env grep head mkdir mv rm sed seq sha256sum sleep sort touch unzip; do
		ln -s "$(command -v "$p")" "$BIN/$p"
	done
	fake id 'echo 1000'
	fake cat 'case $1 in */ip_unprivileged_port_start) echo 1024 ;; esac'
	fake dpkg-query 'echo "install ok installed"'
	fake apt-get
	fake apt-cache
	fake uname 'echo x86_64'
	# shellcheck disable=SC2016
	fake sudo '"$@"'
	fake_go 1.26.8
	settings=('HOME='"$WORK/home")
}

# run_sh runs the copy on the made-up computer.
run_sh() { env -i "PATH=$BIN" "${settings[@]}" "$TREE/packaging/run.sh" "$@" >"$OUT" 2>&1; }

ok() { # name condition...
	local name=$1
	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "not ok $name"
		sed 's/^/    /' "$OUT" "$CALLS"
	fi
}
said() { grep -qF -- "$1" "$OUT"; }
called() { grep -qxF -- "$1" "$CALLS"; }
no() { ! "$@"; }

# installs a fake apt-get after which a package is there.
fake_install() { # package lines
	fake dpkg-query "case \"\$*\" in *' $1') [ -e '$WORK/home/$1' ] && echo 'install ok installed' ;; *) echo 'install ok installed' ;; esac"
	fake apt-get "case \"\$*\" in *install*' $1') ${2:-echo >'$WORK/home/$1'} ;; esac"
}

test_headless() {
	computer
	run_sh --demo
	ok "ends with the engine's status" [ $? = 0 ]
	ok "starts the engine with the flags" called "build/dot-proxy serve --demo --port 5353"
	ok "builds the engine" grep -q 'go build .*main.version=1.2.3.* ./app/cmd/dot-proxy$' "$CALLS"
	ok "builds no window without a display" no grep -q dot-proxy-window "$CALLS"
	ok "installs nothing that is there" no grep -q '^apt-get' "$CALLS"
	ok "no sudo where nothing is missing" no grep -q '^sudo' "$CALLS"
	ok "says how to allow port 53" said "sudo setcap cap_net_bind_service=+ep build/dot-proxy"
}

test_display() {
	computer
	settings+=("DISPLAY=:7")
	touch "$WORK/runs"
	run_sh -d quad9
	ok "starts the tray" called "build/dot-proxy-tray -- -d quad9"
	ok "opens the window once the engine answers" called "build/dot-proxy-window "
	ok "builds the window" grep -q ' ./app/cmd/dot-proxy-window$' "$CALLS"
	computer
	settings+=("DISPLAY=:7")
	fake_install libxi-dev
	run_sh
	ok "installs what only the window needs" called "apt-get install -y -q --no-install-recommends libxi-dev"
	ok "says what it installs" said "Installing: libxi-dev"
	ok "says what needs root" said "This needs root: sudo env DEBIAN_FRONTEND=noninteractive apt-get install"
}

test_port() {
	local name flags wanted
	while IFS='|' read -r name flags wanted; do
		computer
		# shellcheck disable=SC2086
		run_sh $flags
		ok "port: $name" called "build/dot-proxy serve $wanted"
		ok "port: $name, in words" no said "Port 53 may not be used"
	done <<-END
		-p N|-p 99|-p 99
		-pN|-p99|-p99
		--port=N|--port=99|--port=99
		--port N after others|-d quad9 --port 99|-d quad9 --port 99
		settings of its own|--settings $WORK/own.toml|--settings $WORK/own.toml
	END
	computer
	run_sh --settings "$WORK/default.toml"
	ok "port: settings that name 53" called "build/dot-proxy serve --settings $WORK/default.toml --port 5353"
	computer
	fake getcap 'echo "$1 cap_net_bind_service=ep"'
	run_sh
	ok "port: a file capability" called "build/dot-proxy serve"
	computer
	fake id 'echo 0'
	run_sh
	ok "port: root" called "build/dot-proxy serve"
	computer
	fake cat 'echo 0'
	run_sh
	ok "port: a system that lets everybody" called "build/dot-proxy serve"
	computer
	touch "$WORK/runs"
	run_sh
	ok "port: an engine that runs already" called "build/dot-proxy serve"
}

# Multicast DNS holds UDP port 5353 of all addresses on most desktops.
test_taken_port() {
	python3 -c 'import socket, time
u = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); u.bind(("::", 5353))
t = socket.socket(); t.bind(("127.0.0.1", 5354)); t.listen()
print("bound", flush=True); time.sleep(60)' >"$WORK/bound" &
	local holder=$!
	until grep -q bound "$WORK/bound"; do sleep 0.05; done
	computer
	run_sh
	ok "port: 5353 and 5354 are taken" called "build/dot-proxy serve --port 5300"
	ok "port: says the one it takes" said "listens on port 5300"
	kill "$holder"
	wait "$holder" 2>/dev/null
}

test_packages() {
	computer
	fake_install ca-certificates
	rm "$BIN/sudo"
	run_sh
	ok "without sudo it stops" [ $? = 1 ]
	ok "without sudo it says what to run" said "Run as root: env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends ca-certificates"
	computer
	fake_install ca-certificates "[ -e '$WORK/home/updated' ] ;; *update*) touch '$WORK/home/updated'"
	run_sh
	ok "asks for the list of packages once it is needed" called "apt-get update -q"
	ok "then goes on" called "build/dot-proxy serve --port 5353"
	computer
	fake_install ca-certificates false
	run_sh
	ok "packages that are nowhere end it" [ $? = 1 ]
	ok "and are named" said "could not be installed: ca-certificates"
	computer
	rm "$BIN/apt-get"
	settings+=("DISPLAY=:7")
	run_sh
	ok "other systems: stops" [ $? = 1 ]
	ok "other systems: names packages" said "libayatana-appindicator3-dev"
	ok "other systems: names Go" said "Go 1.26.0 or newer"
	ok "other systems: builds nothing" no grep -q 'go build' "$CALLS"
}

# make_toolchain writes an archive like that of the toolchain module, and lets
# the copy expect it.
make_toolchain() {
	local root
	root="golang.org/toolchain@v0.0.1-go$(sed -n 's/^TOOLCHAIN=//p' packaging/common.sh).linux-amd64"
	cp "$BIN/go" "$WORK/new-go"
	python3 -c 'import sys, zipfile
z = zipfile.ZipFile(sys.argv[1], "w")
for name in "bin/go", "pkg/tool/linux_amd64/compile": z.write(sys.argv[3], sys.argv[2] + "/" + name)' "$WORK/go.zip" "$root" "$WORK/new-go"
	sed -i "s/^TOOLCHAIN_SHA256_amd64=.*/TOOLCHAIN_SHA256_amd64=$(sha256sum <"$WORK/go.zip" | cut -d' ' -f1)/" "$TREE/packaging/common.sh"
	fake curl "cp() { /bin/cp \"\$@\"; }; cp '$WORK/go.zip' \"\$3\""
}

test_go() {
	local fetch="curl -fsSL -o $WORK/home/.cache/dot-proxy/go"
	computer
	make_toolchain
	fake_go 1.19.8
	settings+=("GOPROXY=http://proxy.example,direct")
	run_sh
	ok "old Go: fetches the toolchain" grep -q "^$fetch.* http://proxy.example/golang.org/toolchain/@v/" "$CALLS"
	ok "old Go: starts" called "build/dot-proxy serve --port 5353"
	: >"$CALLS"
	run_sh
	ok "old Go: fetches it once" no grep -q '^curl' "$CALLS"
	ok "old Go: starts again" called "build/dot-proxy serve --port 5353"
	computer
	make_toolchain
	rm "$BIN/go"
	echo more >>"$WORK/go.zip"
	run_sh
	ok "another archive: stops" [ $? = 1 ]
	ok "another archive: says so" said "not the one that is expected"
	ok "another archive: is not kept" [ -z "$(find "$WORK/home" -name '*.zip' -o -name go -type f)" ]
	computer
	fake_go 1.22.5
	run_sh
	ok "Go from 1.21 on fetches by itself" said "fetches Go 1.26.0 by itself"
	ok "and nothing else is fetched" no grep -q '^curl' "$CALLS"
	computer
	fake_go 1.22.5 false
	make_toolchain
	cp "$WORK/new-go" "$WORK/old-go"
	fake_go 1.26.8
	make_toolchain
	mv "$WORK/old-go" "$BIN/go"
	run_sh
	ok "Go that cannot fetch by itself" grep -q "^$fetch.* https://proxy.golang.org/" "$CALLS"
	ok "Go that cannot fetch by itself: starts" called "build/dot-proxy serve --port 5353"
}

test_backports() {
	computer
	mv "$BIN/go" "$WORK/new-go"
	fake apt-cache 'echo " golang-go | 2:1.19~1 | http://deb.example bookworm/main amd64 Packages"
echo " golang-go | 2:1.26~1~bpo12+1 | http://deb.example bookworm-backports/main amd64 Packages"'
	fake apt-get "/bin/cp '$WORK/new-go' '$BIN/go'"
	run_sh
	ok "Go of backports" called "apt-get install -y -q --no-install-recommends -t bookworm-backports golang-go"
	ok "Go of backports: starts" called "build/dot-proxy serve --port 5353"
}

echo 'port = 99' >"$WORK/own.toml"
echo 'port = 53 # the usual one' >"$WORK/default.toml"
for t in headless display port taken_port packages go backports; do "test_$t"; done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

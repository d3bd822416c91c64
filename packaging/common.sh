# shellcheck shell=bash disable=SC2034
# Shared by run.sh, test.sh and bench.sh: what must be installed, Go, and the build.
# Sourced, with the repository's root as the working directory.

# What the engine needs at build time is Go alone. The tray needs the indicator
# library, the window OpenGL and X11.
GUI_BUILD_PACKAGES="gcc libc6-dev pkg-config libayatana-appindicator3-dev libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev libxinerama-dev libxi-dev libxxf86vm-dev"
GUI_RUN_PACKAGES="libgl1-mesa-dri"
# The authorities that certificates are checked against.
RUN_PACKAGES="ca-certificates"

# The toolchain that is fetched where no newer Go is to be had, as the Go module
# golang.org/toolchain, with the SHA-256 of its archive.
TOOLCHAIN=1.26.8
TOOLCHAIN_SHA256_amd64=30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7
TOOLCHAIN_SHA256_arm64=02b36b6787b3ac767668f630e2998df45a3b1f9ffee08d1bf3ef6487cd658d99

say() { printf '%s\n' "$*" >&2; }
die() {
	say "$*"
	exit 1
}

# as_root runs a command as root, and says which.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		say "This needs root: sudo $*"
		sudo "$@"
	else
		die "This needs root, and sudo is not installed. Run as root: $*"
	fi
}

# debian_like tells whether apt is this system's package manager.
debian_like() {
	[ -r /etc/os-release ] || return 1
	# shellcheck disable=SC1091
	(. /etc/os-release && case " $ID ${ID_LIKE-} " in *" debian "* | *" ubuntu "*) ;; *) exit 1 ;; esac) &&
		command -v apt-get >/dev/null 2>&1
}

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# need_debian ends here on other systems, naming what would be installed.
need_debian() { # package...
	debian_like && return
	say "This is not Debian or Ubuntu, so nothing was installed or built. DoT Proxy needs Go $(wanted_go) or newer"
	say "and, under the names that your system has for them, these packages: $*"
	die "With them it is built by: go build -o build/ ./app/cmd/dot-proxy ./app/cmd/dot-proxy-tray ./app/cmd/dot-proxy-window"
}

# need_packages installs those of the named packages that are missing.
need_packages() {
	local missing="" p
	need_debian "$@"
	for p in "$@"; do installed "$p" || missing="$missing $p"; done
	[ -n "$missing" ] || return 0
	say "Installing:$missing"
	# shellcheck disable=SC2086
	apt_install $missing || {
		say "Some were not found; fetching the list of packages, then trying again."
		as_root apt-get update -q >&2
		apt_install $missing
	} || die "These packages could not be installed:$missing"
}

apt_install() { as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" >&2; }

wanted_go() { awk '$1 == "go" {print $2; exit}' go.mod; }

# at_least tells whether a version is the wanted one or newer.
at_least() { # wanted version
	[ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]
}

# go_at_least tells whether the Go in PATH has at least the given version.
go_at_least() {
	local have
	have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 1
	have=${have#go}
	at_least "$1" "${have%% *}"
}

# need_go finds or installs a Go that is new enough: one that is here; else the
# distribution's or its backports'; else one from 1.21 on fetches the newer
# toolchain by itself; else the toolchain module is fetched here.
need_go() {
	local want dir suite
	want=$(wanted_go)
	go_at_least "$want" && return
	for dir in /usr/local/go/bin /usr/lib/go-*/bin "$(toolchain_dir)/bin"; do
		if [ -x "$dir/go" ] && PATH=$dir:$PATH go_at_least "$want"; then
			PATH=$dir:$PATH
			return
		fi
	done
	suite=$(suite_of_go "$want")
	if [ -n "$suite" ]; then
		say "Installing Go from $suite."
		apt_install -t "$suite" golang-go && go_at_least "$want" && return
	fi
	if go_at_least 1.21; then
		say "Go $(GOTOOLCHAIN=local go env GOVERSION) is older than go.mod asks; it fetches Go $want by itself."
		export GOTOOLCHAIN=auto
		go version >/dev/null 2>&1 && return
		unset GOTOOLCHAIN
	fi
	fetch_toolchain
}

# suite_of_go names the suite of the distribution, backports included where they
# are switched on, whose Go is new enough and the newest. The package golang-go
# has two numbers of the version only.
suite_of_go() { # wanted
	local version suite wanted
	wanted=$(printf '%s' "$1" | cut -d. -f1,2)
	debian_like || return 0
	apt-cache madison golang-go 2>/dev/null |
		awk -F ' *[|] *' '{sub(/^[0-9]+:/, "", $2); sub(/[~+-].*/, "", $2); split($3, at, " "); sub(/\/.*/, "", at[2]); print $2, at[2]}' |
		sort -rV | while read -r version suite; do
		at_least "$wanted" "$version" && printf '%s\n' "$suite" && break
	done || true
}

toolchain_dir() { printf '%s/dot-proxy/go-%s' "${XDG_CACHE_HOME:-$HOME/.cache}" "$TOOLCHAIN"; }

# toolchain_proxy is the first module proxy of GOPROXY, else the usual one.
toolchain_proxy() {
	case ${GOPROXY-} in
	http*) printf '%s' "${GOPROXY%%[,|]*}" ;;
	*) printf 'https://proxy.golang.org' ;;
	esac
}

# fetch_toolchain unpacks the toolchain module into the user's cache.
fetch_toolchain() {
	local arch sum dir zip proxy
	case $(uname -m) in
	x86_64) arch=amd64 sum=$TOOLCHAIN_SHA256_amd64 ;;
	aarch64) arch=arm64 sum=$TOOLCHAIN_SHA256_arm64 ;;
	*) die "Go $(wanted_go) or newer is needed. Install it from your distribution, then run this again." ;;
	esac
	dir=$(toolchain_dir)
	need_packages ca-certificates curl unzip
	proxy=$(toolchain_proxy)
	say "There is no Go $(wanted_go) or newer; fetching Go $TOOLCHAIN into $dir"
	mkdir -p "$dir"
	zip=$dir.zip
	curl -fsSL -o "$zip" "$proxy/golang.org/toolchain/@v/v0.0.1-go$TOOLCHAIN.linux-$arch.zip" ||
		die "Go $TOOLCHAIN could not be fetched from $proxy. Check the network, or install Go $(wanted_go) or newer yourself."
	if ! printf '%s  %s\n' "$sum" "$zip" | sha256sum -c --quiet >&2; then
		rm -f "$zip"
		die "The archive of Go $TOOLCHAIN is not the one that is expected, so it was not used."
	fi
	unzip -q -o "$zip" -d "$dir.new"
	rm -rf "$dir" "$zip"
	mv "$dir.new/golang.org/toolchain@v0.0.1-go$TOOLCHAIN.linux-$arch" "$dir"
	rm -rf "$dir.new"
	chmod +x "$dir"/bin/* "$dir"/pkg/tool/*/*
	PATH=$dir/bin:$PATH
	go_at_least "$(wanted_go)" || die "The fetched Go does not run on this computer."
}

# Programs for tests and measurements that no distribution has are kept here.
tools_dir() { printf '%s/dot-proxy/tools' "${XDG_CACHE_HOME:-$HOME/.cache}"; }

COREDNS=v1.15.0

# need_coredns builds it where it is missing or another version.
need_coredns() {
	local dir
	dir=$(tools_dir)
	if ! "$dir/coredns" -version 2>/dev/null | grep -q "CoreDNS-${COREDNS#v}"; then
		say "Building CoreDNS $COREDNS …"
		mkdir -p "$dir"
		GOBIN=$dir GOFLAGS=-mod=mod go install "github.com/coredns/coredns@$COREDNS"
	fi
}

# build makes one program. An unchanged one is left alone, so that it keeps its
# file capability.
build() { # name [flag...]
	local version commit
	version=$(sed -n 's/^Version = "\(.*\)"$/\1/p' FyneApp.toml)
	commit=$(git rev-parse --short HEAD 2>/dev/null || true)
	mkdir -p build
	go build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$version -X main.commit=$commit" -o "build/$1.new" "${@:2}" "./app/cmd/$1" ||
		die "Building $1 failed."
	if cmp -s "build/$1.new" "build/$1"; then
		rm "build/$1.new"
	else
		mv "build/$1.new" "build/$1"
	fi
}

build_engine() { CGO_ENABLED=0 build dot-proxy; }

# The window shows no emoji: the toolkit would parse their font for each style of
# text, 30 MB in all.
build_gui() {
	CGO_ENABLED=1 build dot-proxy-tray
	CGO_ENABLED=1 build dot-proxy-window -tags no_emoji
}

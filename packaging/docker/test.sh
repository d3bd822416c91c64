#!/bin/bash
# Tries the image, the compose file and the playbook with a real Docker engine:
# the one that answers, else one that is started here for the time of the test,
# with a network and processes of its own, so that nothing of it stays behind.
# Needs root, docker.io, docker-compose, ansible, dig and Go; no network.
set -u
cd "$(dirname "$0")/../.." || exit 1
# shellcheck source=packaging/docker/base.sh
. packaging/docker/base.sh

if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || { echo "This needs root: run it with sudo." >&2 && exit 1; }
	exec sudo --preserve-env=DOCKER_HOST,GOPROXY "PATH=$PATH:/usr/sbin:/sbin" "GOMODCACHE=$(go env GOMODCACHE)" packaging/docker/test.sh
fi

export PATH=$PATH:/usr/sbin:/sbin LC_ALL=C.UTF-8 ANSIBLE_NOCOLOR=1 ANSIBLE_LOCALHOST_WARNING=false
NAME=dot-proxy-test-$$
COMPOSE=packaging/docker/compose.yaml
PLAYBOOK=packaging/ansible/setup.yml
export COMPOSE_PROJECT_NAME=$NAME DOT_PROXY_IMAGE=$NAME
unset DOT_PROXY_BIND DOT_PROXY_PORT DOT_PROXY_FLAGS
passed=0 failed=0 made_base=''

# use_client finds a docker whose engine answers, and puts it first in PATH.
use_client() {
	local client
	for client in docker /usr/bin/docker; do
		timeout 10 "$client" version >/dev/null 2>&1 || continue
		mkdir -p "$WORK/bin"
		ln -sf "$(command -v "$client")" "$WORK/bin/docker"
		PATH=$WORK/bin:$PATH
		return
	done
	return 1
}

# with_own_engine runs this script again where it can start an engine.
with_own_engine() {
	echo "No Docker engine answers, so one is started for this test."
	make_root "$WORK/base" || exit 1
	DOT_PROXY_TEST_WORK=$WORK unshare --net --pid --fork --kill-child --mount-proc "$0" &
	child=$!
	trap 'rm -rf "$WORK"' EXIT
	# Its first process takes all others along.
	trap 'kill -KILL "$child"; wait "$child"; exit 130' INT TERM
	wait "$child"
	exit
}

start_engine() {
	ip link set lo up
	export DOCKER_HOST=unix://$WORK/docker.sock
	dockerd --data-root "$WORK/data" --exec-root "$WORK/exec" --pidfile "$WORK/docker.pid" -H "$DOCKER_HOST" \
		>"$WORK/dockerd.log" 2>&1 &
	engine_pid=$!
	for _ in $(seq 120); do
		use_client && return
		kill -0 "$engine_pid" 2>/dev/null || break
		sleep 0.5
	done
	tail -n 20 "$WORK/dockerd.log" >&2
	return 1
}

# remove takes away all that this script made in the engine.
remove() {
	docker ps -aq --filter "name=^/$NAME" | xargs -r docker rm -fv >/dev/null
	docker network ls -q --filter "label=com.docker.compose.project=$NAME" | xargs -r docker network rm >/dev/null
	docker volume ls -q --filter "label=com.docker.compose.project=$NAME" | xargs -r docker volume rm >/dev/null
	docker image rm -f "$NAME" >/dev/null 2>&1
	# What the builds left without a name.
	docker image ls -q --no-trunc -f dangling=true | sort | comm -13 "$WORK/unnamed" - | xargs -r docker image rm -f >/dev/null 2>&1
	[ -z "$made_base" ] || docker image rm -f "$BASE" >/dev/null 2>&1
}

end_engine() {
	kill "$engine_pid" 2>/dev/null
	wait "$engine_pid" 2>/dev/null
	awk -v dir="$WORK/" 'index($2, dir) == 1 {print $2}' /proc/mounts | sort -r | xargs -r umount -l
}

ok() {
	passed=$((passed + 1))
	echo "ok $1"
}
not_ok() { # name why
	failed=$((failed + 1))
	echo "not ok $1: $2"
}

# check runs a command as one test; what it printed last is the reason.
check() { # name command...
	local name=$1
	shift
	if "$@" >"$WORK/out" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "$(grep -E '^fatal|FAILED!' "$WORK/out" || grep '[^ ]' "$WORK/out" | tail -n 1)"
		sed 's/^/    /' "$WORK/out" >&2
	fi
}

# same tells what was wanted where it is not what was found.
same() { # found wanted
	[ "$1" = "$2" ] || { echo "found \"$1\", wanted \"$2\"" && return 1; }
}

# within tries a command until it works, for some seconds at most.
within() { # seconds command...
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || { "$@" && return || return; }
		sleep 0.2
	done
}

# usual_port is 53 in a network of our own, else one that nobody uses.
usual_port() { if [ -n "${DOT_PROXY_TEST_WORK-}" ]; then echo 53; else free_port; fi; }

free_port() {
	local p
	for p in $(shuf -i 20000-30000 -n 50); do
		[ -n "$(ss -Hlntu "sport = :$p")" ] || { echo "$p" && return; }
	done
	return 1
}

# The base image: the one that is there, the real one, else one made here.
get_base() {
	docker image inspect "$BASE" >/dev/null 2>&1 && return
	if [ ! -d "$WORK/base" ]; then
		timeout 300 docker pull -q "$BASE" >/dev/null 2>&1 && return
		make_root "$WORK/base" || return
	fi
	made_base=yes
	import_base "$WORK/base"
	rm -rf "$WORK/base"
}

# answers asks the demo for a name through a published port.
answers() { # address port dig-options...
	local address=$1 port=$2
	shift 2
	dig @"$address" -p "$port" +time=2 +tries=1 +noall +comments +answer "$@" example.com A >"$WORK/dig"
	if ! grep -q 'status: NOERROR' "$WORK/dig" || ! grep -Eq '^example\.com\..*[[:space:]]A[[:space:]]' "$WORK/dig"; then
		cat "$WORK/dig"
		return 1
	fi
}

silent() { ! dig @"$1" -p "$2" +time=1 +tries=1 example.com A >"$WORK/dig" || { echo "something still answers" && return 1; }; }

health_is() { same "$(docker inspect -f '{{.State.Health.Status}}' "$1")" "$2"; }

# What the image holds, without the folders and files that Docker adds.
holds() {
	docker create --name "$NAME-files" "$NAME" >/dev/null
	docker export "$NAME-files" | tar -t | grep -v '/$' | grep -Ev '^(\.dockerenv|dev/console|etc/(hostname|hosts|mtab|resolv\.conf))$' | sort | tr '\n' ' ' >"$WORK/files"
	docker rm "$NAME-files" >/dev/null
	same "$(cat "$WORK/files")" "dot-proxy etc/ssl/certs/ca-certificates.crt "
}

says_version() {
	same "$(docker run --rm "$NAME" version | cut -d' ' -f1,2)" "dot-proxy $(sed -n 's/^Version = "\(.*\)"$/\1/p' FyneApp.toml)"
}

no_shell() {
	if docker run --rm --entrypoint /bin/sh "$NAME" -c true; then
		echo "there is a shell" && return 1
	fi
}

not_root() { # container
	local pid
	pid=$(docker inspect -f '{{.State.Pid}}' "$1")
	same "$(awk '/^[UG]id:/ {print $2, $3}' "/proc/$pid/status" | tr '\n' ' ')" "65532 65532 65532 65532 "
}

status_json() { # container
	docker exec "$1" /dot-proxy status --json >"$WORK/status" &&
		python3 -c 'import json, sys
s = json.load(open(sys.argv[1]))
assert s["state"] == "protected" and s["demo"] is True, s
assert "0.0.0.0:53" in s["listen"], s["listen"]' "$WORK/status"
}

# Even the longest wait for queries under way is shorter than Docker's patience.
stops() { # container
	local began=$SECONDS
	docker stop "$1" >/dev/null || return
	same "$(docker inspect -f '{{.State.ExitCode}}' "$1")" 0 || return
	[ $((SECONDS - began)) -lt 8 ] || { echo "took $((SECONDS - began)) s" && return 1; }
}

bad_flag() {
	docker run --rm "$NAME" --port 0 >"$WORK/bad" 2>&1
	same "$?" 2 || return
	grep -q '“\?"\?0' "$WORK/bad" && same "$(wc -l <"$WORK/bad")" 1
}

# A provider chosen at run time is there after a new start.
remembers() {
	docker run -d --name "$NAME-use" "$NAME" >/dev/null || return
	within 10 docker exec "$NAME-use" /dot-proxy healthcheck || return
	docker exec "$NAME-use" /dot-proxy use quad9 || return
	docker restart "$NAME-use" >/dev/null || return
	within 10 docker exec "$NAME-use" /dot-proxy healthcheck || return
	docker exec "$NAME-use" /dot-proxy status --json | grep -Eq '"provider": *"quad9"' || { echo "it forgot" && return 1; }
}

test_image() {
	local port
	port=$(usual_port)
	check "docker build" docker build -t "$NAME" -f packaging/docker/Dockerfile .
	check "image holds the program and the roots alone" holds
	check "image has no shell" no_shell
	check "image knows its version" says_version
	check "docker run" docker run -d --name "$NAME-run" --health-interval=1s --health-retries=1 \
		-p "$port:53/tcp" -p "$port:53/udp" "$NAME" --demo
	check "answer over UDP" within 15 answers 127.0.0.1 "$port" +notcp
	check "answer over TCP" within 5 answers 127.0.0.1 "$port" +tcp
	check "answer over IPv6" within 5 answers ::1 "$port"
	check "health turns healthy" within 15 health_is "$NAME-run" healthy
	check "process is not root" not_root "$NAME-run"
	check "status --json" status_json "$NAME-run"
	check "stop" docker exec "$NAME-run" /dot-proxy stop
	check "health turns unhealthy once stopped" within 15 health_is "$NAME-run" unhealthy
	check "start" docker exec "$NAME-run" /dot-proxy start
	check "health turns healthy again" within 15 health_is "$NAME-run" healthy
	check "docker stop ends with 0" stops "$NAME-run"
	check "bad flag ends with 2" bad_flag
	check "use is remembered" remembers
	check "docker rm" docker rm -fv "$NAME-run" "$NAME-use"
}

composed() { docker-compose -f "$COMPOSE" "$@"; }
our_container() { docker ps -q --filter "label=com.docker.compose.project=$NAME"; }

hardened() {
	same "$(docker inspect -f '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.RestartPolicy.Name}}' "$(our_container)")" \
		"true [ALL] [no-new-privileges] unless-stopped" &&
		same "$(awk '/^Cap(Eff|Prm|Bnd)|^NoNewPrivs/ {printf "%s ", $2}' "/proc/$(docker inspect -f '{{.State.Pid}}' "$(our_container)")/status")" \
			"0000000000000000 0000000000000000 0000000000000000 1 "
}

loopback_only() { # port
	same "$(docker port "$(our_container)" | sed 's/.*-> //' | sort -u)" "127.0.0.1:$1"
}

gone() {
	same "$(docker ps -aq --filter "label=com.docker.compose.project=$NAME")$(docker network ls -q --filter "label=com.docker.compose.project=$NAME")" ""
}

test_compose() {
	local port other
	port=$(usual_port)
	export DOT_PROXY_FLAGS=--demo
	[ "$port" = 53 ] || export DOT_PROXY_PORT=$port
	check "compose up --build" composed up -d --build
	check "compose answers over UDP" within 15 answers 127.0.0.1 "$port" +notcp
	check "compose answers over TCP" within 5 answers 127.0.0.1 "$port" +tcp
	check "compose on loopback alone" loopback_only "$port"
	check "compose takes away all privileges" hardened
	check "compose exec status" status_json "$(our_container)"
	other=$(free_port)
	export DOT_PROXY_BIND=127.0.0.2 DOT_PROXY_PORT=$other
	check "compose up on another address" composed up -d
	check "another address answers" within 15 answers 127.0.0.2 "$other"
	check "former address is silent" silent 127.0.0.1 "$port"
	check "compose down" composed down
	check "compose leaves no container" gone
	unset DOT_PROXY_BIND DOT_PROXY_PORT DOT_PROXY_FLAGS
}

play() { # variables...
	local v
	local -a extra=(-e "dot_proxy_project=$NAME" -e "dot_proxy_image=$NAME" -e "{\"dot_proxy_flags\": \"--demo\"}")
	for v in "$@"; do extra+=(-e "$v"); done
	ansible-playbook "$PLAYBOOK" "${extra[@]}" >"$WORK/play" 2>&1
	local status=$?
	cat "$WORK/play"
	return "$status"
}

changed() { sed -n 's/.*changed=\([0-9]*\).*/\1/p' "$WORK/play" | tail -n 1; }
plays_with_changes() { play "$@" && { [ "$(changed)" -gt 0 ] || { echo "changed=0" && return 1; }; }; }
plays_without_changes() { play "$@" && same "$(changed)" 0; }

# A taken port is refused in words, and nothing is started.
taken() { # port
	local holder status
	python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", int(sys.argv[1])))
time.sleep(120)' "$1" &
	holder=$!
	within 5 busy "$1"
	play "dot_proxy_port=$1"
	status=$?
	kill "$holder"
	wait "$holder" 2>/dev/null
	[ "$status" != 0 ] || { echo "it was not refused" && return 1; }
	grep -q "Port $1 of 127.0.0.1 is held by python3[.0-9]* (process $holder)" "$WORK/play"
}
busy() { [ -n "$(ss -Hlnu "sport = :$1")" ]; }

unit_is_valid() {
	local unit=$WORK/$NAME.service
	ansible localhost -m ansible.builtin.template -a "src=packaging/ansible/dot-proxy.service.j2 dest=$unit" \
		-e '{"compose": {"stdout": "/usr/bin/docker-compose"}, "compose_file": "/srv/dot proxy/compose.yaml",
		"compose_environment": {"DOT_PROXY_PORT": 53, "DOT_PROXY_FLAGS": "-d 9.9.9.9#dns.quad9.net -c \"50%\""}}' || return
	systemd-analyze verify --man=no "$unit" >"$WORK/verify" 2>&1
	# Units that this computer lacks, docker.service of a test engine too, are no fault of the file.
	! grep -F "$NAME.service:" "$WORK/verify" | grep -v 'Failed to .* docker.service' || return
	grep -Fq 'Environment="DOT_PROXY_FLAGS=-d 9.9.9.9#dns.quad9.net -c \"50%%\""' "$unit"
}

test_ansible() {
	local port other
	port=$(usual_port)
	check "playbook syntax" ansible-playbook --syntax-check "$PLAYBOOK"
	check "playbook names who holds the port" taken "$port"
	check "playbook started nothing then" gone
	check "playbook refuses a bad port" refused "dot_proxy_port=70000" "dot_proxy_port must be a number from 1 to 65535, not 70000"
	check "playbook sets up" plays_with_changes "dot_proxy_port=$port"
	check "playbook's proxy answers over UDP" within 15 answers 127.0.0.1 "$port" +notcp
	check "playbook's proxy answers over TCP" within 5 answers 127.0.0.1 "$port" +tcp
	check "playbook's second run changes nothing" plays_without_changes "dot_proxy_port=$port"
	other=$(free_port)
	check "playbook takes another port" plays_with_changes "dot_proxy_port=$other"
	check "playbook's other port answers" within 15 answers 127.0.0.1 "$other"
	check "playbook removes it" plays_with_changes state=absent
	check "playbook leaves no container" gone
	check "playbook's second removal changes nothing" plays_without_changes state=absent
	if command -v systemd-analyze >/dev/null; then check "service file is valid" unit_is_valid; fi
}

refused() { # variable sentence
	if play "$1"; then echo "it was not refused" && return 1; fi
	grep -qF "$2" "$WORK/play"
}

WORK=${DOT_PROXY_TEST_WORK-}
if [ -n "$WORK" ]; then
	trap end_engine EXIT
	start_engine || exit 1
else
	WORK=$(mktemp -d)
	trap 'rm -rf "$WORK"' EXIT
	use_client || with_own_engine
	trap 'remove; rm -rf "$WORK"' EXIT
fi
trap 'exit 130' INT TERM

docker image ls -q --no-trunc -f dangling=true | sort >"$WORK/unnamed"
if get_base; then
	test_image
	test_compose
	test_ansible
else
	not_ok "base image" "it can be neither pulled nor made"
fi
remove
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

# shellcheck shell=bash disable=SC2034
# Sourced by bench.sh: how the server and each forwarder are configured. All of
# them verify the server's certificate by the authority in $WORK/ca.pem, and
# all but Stubby, which has no cache, keep answers.

NAME=dot.bench.test

# make_ca makes an authority for this run and the server's certificate.
make_ca() {
	(
		cd "$WORK"
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem \
			-days 2 -subj '/CN=DoT Proxy bench' -addext keyUsage=critical,keyCertSign,cRLSign
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout server.key -out server.csr -subj "/CN=$NAME"
		printf 'subjectAltName=DNS:%s\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' "$NAME" >server.ext
		openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile server.ext -out server.pem
	) >"$WORK/openssl.log" 2>&1 || die "openssl could not make certificates: $(tail -n 1 "$WORK/openssl.log")"
}

# The server answers every name itself and closes connections that were idle
# for two seconds.
configure_server() { # port
	cat >"$WORK/server.conf" <<-END
		setLocal("$HERE:$(($1 + 1))")
		addTLSLocal("$HERE:$1", "$WORK/server.pem", "$WORK/server.key", {provider="openssl", maxInFlight=1000, minTLSVersion="tls1.2"})
		setTCPRecvTimeout(2)
		setMaxTCPClientThreads(1)
		setSecurityPollSuffix("")
		addAction(AllRule(), SpoofAction({"192.0.2.1"}, {ttl=3600}))
	END
}

# configure_NAME writes a forwarder's configuration into a folder and sets
# command to what runs it in the foreground, answering on $HERE port $1 and
# asking $HERE port $2.

configure_dot_proxy() { # port server-port folder
	command=("$WORK/bin/dot-proxy" serve --listen "$HERE" --port "$1" --dns "$HERE:$2#$NAME" --ca-bundle "$WORK/ca.pem"
		--settings "$3/settings.toml" --control "$3/control.sock")
}

# Unbound would begin a new connection after each 200 queries; it gets to keep
# one, and need not validate, as nobody else here does.
configure_unbound() { # port server-port folder
	cat >"$3/conf" <<-END
		server:
		  directory: "$3"
		  username: ""
		  chroot: ""
		  pidfile: ""
		  do-daemonize: no
		  use-syslog: no
		  interface: $HERE@$1
		  access-control: 127.0.0.0/8 allow
		  do-ip6: no
		  module-config: "iterator"
		  do-not-query-localhost: no
		  local-zone: "test." nodefault
		  tls-cert-bundle: "$WORK/ca.pem"
		  outgoing-num-tcp: 100
		  max-reuse-tcp-queries: 10000000
		remote-control:
		  control-enable: no
		forward-zone:
		  name: "."
		  forward-tls-upstream: yes
		  forward-addr: $HERE@$2#$NAME
	END
	command=(unbound -d -c "$3/conf")
}

configure_dnsdist() { # port server-port folder
	cat >"$3/conf" <<-END
		setLocal("$HERE:$1")
		setSecurityPollSuffix("")
		newServer({address="$HERE:$2", tls="openssl", subjectName="$NAME", caStore="$WORK/ca.pem", validateCertificates=true, maxInFlight=1000, checkName="health.bench.test."})
		getPool(""):setCache(newPacketCache(10000, {maxTTL=86400}))
	END
	command=(dnsdist --supervised --disable-syslog -C "$3/conf")
}

configure_stubby() { # port server-port folder
	cat >"$3/stubby.yml" <<-END
		resolution_type: GETDNS_RESOLUTION_STUB
		dns_transport_list:
		  - GETDNS_TRANSPORT_TLS
		tls_authentication: GETDNS_AUTHENTICATION_REQUIRED
		tls_query_padding_blocksize: 128
		edns_client_subnet_private: 1
		round_robin_upstreams: 0
		idle_timeout: 10000
		tls_ca_file: "$WORK/ca.pem"
		appdata_dir: "$3"
		listen_addresses:
		  - $HERE@$1
		upstream_recursive_servers:
		  - address_data: $HERE
		    tls_port: $2
		    tls_auth_name: "$NAME"
	END
	command=(stubby -C "$3/stubby.yml")
}

configure_coredns() { # port server-port folder
	cat >"$3/conf" <<-END
		.:$1 {
			bind $HERE
			forward . tls://$HERE:$2 {
				tls $WORK/ca.pem
				tls_servername $NAME
			}
			cache
		}
	END
	command=(coredns -conf "$3/conf" -quiet)
}

# version_of prints a program's name and version.
version_of() { # program
	case $1 in
	dot-proxy) "$WORK/bin/dot-proxy" version | sed -n '1s/^dot-proxy \([^ ]*\) (commit \([^)]*\)) \([^ ]*\).*/DoT Proxy \1 (\2, \3)/p' ;;
	unbound) echo "Unbound $(unbound -V | sed -n 's/^Version //p')" ;;
	dnsdist) dnsdist --version | sed -n '1s/^\(dnsdist [^ ]*\).*/\1/p' ;;
	stubby) stubby -V ;;
	coredns) coredns -version | sed -n 's/^CoreDNS-/CoreDNS /p' ;;
	esac
}

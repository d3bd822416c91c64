# shellcheck shell=bash
# Makes the Dockerfile's base image from this computer, for builds where no
# image can be pulled and no module fetched. Sourced by test.sh.

BASE=golang:1.26-bookworm

# copy_programs puts the named programs and their libraries under a folder.
copy_programs() { # folder name...
	local root=$1 name path file
	shift
	mkdir -p "$root/usr/bin" "$root/usr/lib" "$root/usr/lib64" "$root/tmp"
	ln -s usr/bin "$root/bin"
	ln -s usr/lib "$root/lib"
	ln -s usr/lib64 "$root/lib64"
	for name in "$@"; do
		path=$(command -v "$name")
		cp -L "$path" "$root/usr/bin/$name"
		ldd "$path" | grep -o '/[^ ]*' | while read -r file; do
			mkdir -p "$root$(dirname "$file")"
			cp -Ln "$file" "$root$file"
		done
	done
}

# copy_modules fetches what the engine imports into a module cache of its own,
# from this computer's cache where that has it.
copy_modules() { # folder
	local from
	from=$(go env GOMODCACHE)/cache/download
	GOMODCACHE=$1 GOFLAGS=-modcacherw GOPROXY="file://$from,$(go env GOPROXY)" CGO_ENABLED=0 \
		go list -deps ./app/cmd/dot-proxy >/dev/null
}

# make_root puts together the base image's files.
make_root() { # empty folder
	local root=$1 goroot
	goroot=$(go env GOROOT)
	copy_programs "$root" bash cat chmod cp ls mkdir rm sed sh &&
		mkdir -p "$root/etc/ssl/certs" "$root/usr/local/go" "$root/go/pkg/mod" &&
		cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/" &&
		cp -a "$goroot/bin" "$goroot/pkg" "$goroot/src" "$goroot/lib" "$goroot/VERSION" "$goroot/go.env" "$root/usr/local/go/" &&
		copy_modules "$root/go/pkg/mod"
}

# import_base makes an image of those files; its Go asks no network.
import_base() { # folder
	tar -C "$1" --numeric-owner --owner=0 --group=0 -c . | docker import \
		--change "ENV PATH=/usr/local/go/bin:/usr/bin" --change "ENV GOPATH=/go" \
		--change "ENV GOTOOLCHAIN=local" --change "ENV GOPROXY=off" - "$BASE" >/dev/null
}

#!/bin/sh
# Makes the PNG and ICO files beside this script from the sources in svg/. They
# are kept in the repository: building the programs needs no renderer. Needs
# rsvg-convert (librsvg2-bin) and convert (imagemagick).
#   ./make.sh [FOLDER]   writes into FOLDER instead, to compare
set -eu
cd "$(dirname "$0")"
out=${1:-.}
states="protected degraded paused portal failed stopped starting"

for tool in rsvg-convert convert; do
	command -v "$tool" >/dev/null || {
		echo "make.sh: $tool is missing: apt-get install librsvg2-bin imagemagick" >&2
		exit 1
	}
done
mkdir -p "$out/tray" "$out/app"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# png SVG SIZE FILE: a picture without dates or tool names, so that the same
# source always makes the same bytes.
png() {
	rsvg-convert --width "$2" --height "$2" "$1" -o "$tmp/raw.png"
	convert "$tmp/raw.png" -strip -define png:exclude-chunks=date,time,gAMA,cHRM,bKGD \
		-define png:compression-level=9 "PNG32:$3"
}

# ico SVG FILE SIZE...: Windows picks the size; 256 is stored as PNG within.
ico() {
	svg=$1 file=$2
	shift 2
	layers=
	for size; do
		png "$svg" "$size" "$tmp/ico-$size.png"
		layers="$layers $tmp/ico-$size.png"
	done
	# shellcheck disable=SC2086 # a list of files without spaces
	convert $layers "$file"
}

for state in $states; do
	for size in 16 22 24 32 48; do
		png "svg/tray-$state.svg" "$size" "$out/tray/$state-$size.png"
	done
	# macOS draws a menu bar icon at 16 points and colours it itself; 32 pixels
	# are for its fine displays.
	png "svg/tray-$state-template.svg" 32 "$out/tray/$state-template.png"
	ico "svg/tray-$state.svg" "$out/tray/$state.ico" 16 20 24 32 48
done
for size in 64 128 256 512; do
	png svg/app-icon.svg "$size" "$out/app/app-$size.png"
done
ico svg/app-icon.svg "$out/app/app.ico" 16 24 32 48 64 256

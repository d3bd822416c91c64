#!/bin/bash
# A fault campaign: asks many names through the engine on loopback while its
# servers misbehave at random, at least one of them being whole at any time.
# Prints the seed and how many answers were wrong, lost and late; fails if one
# was wrong or lost.
#
#   ./packaging/soak.sh [QUERIES] [SEED]      default 300000 and a random seed
set -eu
cd "$(dirname "$0")/.."
# shellcheck source=packaging/common.sh
. packaging/common.sh
need_go
DOTPROXY_SOAK=${1:-300000} DOTPROXY_SEED=${2:-} exec go test -count=1 -v -timeout 60m -run '^TestCampaign$' ./resolver

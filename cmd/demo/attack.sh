#!/usr/bin/env bash
# Real attack tools against the demo's shop, protected and not. Needs sqlmap (Debian's package of that name).
set -euo pipefail
cd "$(dirname "$0")"
command -v sqlmap >/dev/null || { echo 'attack.sh needs sqlmap: apt-get install sqlmap' >&2; exit 1; }
exec go test -count=1 -tags sqlmap -run '^TestSqlmap$' -timeout 10m .

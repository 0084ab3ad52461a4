#!/usr/bin/env bash
# Ten million executions of each fuzz target, or of those named, from the recordings on.
set -euo pipefail
cd "$(dirname "$0")/.."
export RUSTC_BOOTSTRAP=1
runs="${RUNS:-10000000}"
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo fuzz list)
for target in "${targets[@]}"; do
    corpus="fuzz/corpus/$target"
    mkdir -p "$corpus"
    case "$target" in
        streams) from=(tests/recordings/kraken/ws2_* tests/recordings/twelvedata/*ws_* tests/recordings/twelvedata/fixture_websocket_*) ;;
        rows) from=() ;;
        *) from=("tests/recordings/$target"/*) ;;
    esac
    [ ${#from[@]} -eq 0 ] || cp "${from[@]}" "$corpus"
    cargo fuzz run --sanitizer none "$target" -- -runs="$runs" -max_len=4096 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1
done

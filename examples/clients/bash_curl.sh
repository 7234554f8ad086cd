#!/usr/bin/env bash
# Ask OutboundSync who an API key belongs to, and follow its retry guidance: one retry after a 429, no more.
set -euo pipefail
export LC_ALL=C

TIMEOUT=15       # seconds, for each request
LONGEST_WAIT=120 # seconds worth blocking for

CHECK="check OUTBOUNDSYNC_BASE_URL and the network."
UNEXPECTED="not an answer of the OutboundSync API; $CHECK"

fail() {
  printf '%s\n' "$1" >&2
  exit 1
}

# Print the status; leave the headers and the body in $dir. The key goes through a pipe, because arguments are
# visible to every user of the machine. Without --location, curl follows no redirect that could carry it away.
ask() {
  printf 'header = "Authorization: Bearer %s"\n' "$key" |
    curl --disable --silent --proto =http,https --config - --header 'Accept: application/json' --max-time "$TIMEOUT" \
      --dump-header "$dir/headers" --output "$dir/body" --write-out '%{http_code}' --url "$base_url/api/v1/me"
}

header() { # header NAME-IN-LOWER-CASE
  tr -d '\r' <"$dir/headers" | awk -F: -v name="$1" 'tolower($1) == name { sub(/^[^:]*:[ \t]*/, ""); print }'
}

epoch() { # epoch HTTP-DATE: GNU date, or else BSD's and macOS's
  [[ $1 == *GMT ]] || return 1
  date -u -d "$1" +%s 2>/dev/null || date -j -u -f '%a, %d %b %Y %T GMT' "$1" +%s 2>/dev/null
}

# Retry-After is a number of seconds or an HTTP date; 60 when it is missing or unreadable.
seconds_to_wait() {
  local value now end seconds=60
  value=$(header retry-after)
  if [[ $value =~ ^[0-9]{1,9}(\.[0-9]+)?$ ]]; then
    seconds=$((10#${value%%.*}))
    [[ $value != *.* ]] || ((seconds += 1)) # sleep takes whole seconds on some systems
  elif end=$(epoch "$value"); then
    now=$(epoch "$(header date)") || now=$(date +%s)
    seconds=$((end - now))
  fi
  echo $((seconds < 1 ? 1 : seconds))
}

# Never send what may be another vendor's key.
[[ ${OUTBOUNDSYNC_API_KEY:-} =~ ^[[:space:]]*(osapi_[A-Za-z0-9._~+/=-]+)[[:space:]]*$ ]] ||
  fail "OUTBOUNDSYNC_API_KEY must hold an OutboundSync API key, which starts with osapi_."
key=${BASH_REMATCH[1]}
base_url=${OUTBOUNDSYNC_BASE_URL:-https://app.outboundsync.com}
base_url=${base_url%/}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

status=$(ask) || fail "OutboundSync gave no usable answer (curl exit status $?); $CHECK"
if [[ $status == 429 ]]; then
  seconds=$(seconds_to_wait)
  ((seconds <= LONGEST_WAIT)) || fail "HTTP 429: rate limited; try again in $seconds seconds."
  sleep "$seconds"
  status=$(ask) || fail "OutboundSync gave no usable answer (curl exit status $?); $CHECK" # the one retry
fi

case $status in
  200)
    for field in account apiKey connections; do
      grep -q "\"$field\"[[:space:]]*:" "$dir/body" || fail "HTTP 200: $UNEXPECTED"
    done
    cat "$dir/body" && echo
    ;;
  401) fail "HTTP 401: check the header Authorization: Bearer osapi_... and the key in OUTBOUNDSYNC_API_KEY; rotate it if needed." ;;
  403) fail "HTTP 403: an admin has to enable API access for the CRM connection in OutboundSync; rotating the key does not help." ;;
  429) fail "HTTP 429: still rate limited after one retry; try again in a minute." ;;
  5??) fail "HTTP $status: OutboundSync failed; try again later, and write to service@outboundsync.com if it repeats." ;;
  *) fail "HTTP $status: $UNEXPECTED" ;;
esac

#!/usr/bin/env bash
# Runs schemathesis against one agent, both in a network of their own: fuzz/site.sh ROLE FOLDER SCHEMATHESIS_ARGUMENTS...
set -euo pipefail
role=$1 folder=$2
shift 2
ip link set lo up
mkdir -p "$folder/devices" "$folder/networkd"
cat > "$folder/agent.toml" <<TOML
role = "$role"
name = "fuzzed"
state_dir = "$folder/state"
run_dir = "$folder/run"
[machine]
restart = []
power_off = []
networkd_dir = "$folder/networkd"
[front_door]
address = "127.0.0.1"
port = 4443
[storage]
devices_dir = "$folder/devices"
[remote_console]
user = "no-such-user"
TOML
"$PYTHON" -m appliance.agent --config "$folder/agent.toml" 2>> "$folder/agent.log" &
port=$([ "$role" = oma ] && echo 8082 || echo 8081)
for _ in $(seq 300); do kill -0 %1 || break; [ -s "$folder/state/operator.token" ] && curl -s -o "$folder/health" "127.0.0.1:$port/health" && break; sleep 0.2; done
token=$(cat "$folder/state/operator.token")
for name in api.requests_per_minute api.costly_per_minute; do
    curl -s -o "$folder/put-$name" -X PUT -H "Authorization: Bearer $token" -d "{\"value\": $([ $name = api.costly_per_minute ] && echo 6000 || echo 600000)}" "127.0.0.1:$port/api/v1/settings/$name"
done
code=0
"$SCHEMATHESIS" "$@" --header "Authorization: Bearer $token" "http://127.0.0.1:$port/api/v1/openapi.json" || code=$?
kill %1
wait %1 || true
exit $code

#!/bin/sh
# Creates a Redis Cloud subscription with one database, prints the database's endpoint, and deletes both.
# Needs REDISCLOUD_URL, REDISCLOUD_ACCESS_KEY and REDISCLOUD_SECRET_KEY.
set -eu

timeout=${TIMEOUT:-900}
interval=${INTERVAL:-5}
deadline=$(($(date +%s) + timeout))

api() {
	curl -sS -H "x-api-key: $REDISCLOUD_ACCESS_KEY" -H "x-api-secret-key: $REDISCLOUD_SECRET_KEY" \
		-H 'Content-Type: application/json' -X "$1" "$REDISCLOUD_URL$2" ${3+-d "$3"}
}

# value prints the first value of a member: value taskId <body
value() {
	grep -o "\"$1\" : \"*[^\",]*" | head -n 1 | sed 's/.* : "*//'
}

pause() {
	[ "$(date +%s)" -lt "$deadline" ] || {
		echo "gave up after $timeout s, waiting for $1" >&2
		exit 1
	}
	sleep "$interval"
}

# wait_for_task prints the id of what the task made.
wait_for_task() {
	while :; do
		task=$(api GET "/tasks/$1")
		case $(printf '%s\n' "$task" | value status) in
		processing-completed) break ;;
		processing-error)
			printf '%s\n' "$task" >&2
			exit 1
			;;
		esac
		pause "task $1"
	done
	printf '%s\n' "$task" | value resourceId
}

card=$(api GET /payment-methods | value id)
task=$(api POST /subscriptions '{
  "name": "from-shell",
  "paymentMethodId": '"$card"',
  "cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}],
  "databases": [{"name": "cache", "protocol": "redis", "datasetSizeInGb": 1}]
}' | value taskId)
subscription=$(wait_for_task "$task")

while :; do
	body=$(api GET "/subscriptions/$subscription/databases")
	endpoint=$(printf '%s\n' "$body" | grep -o '"publicEndpoint" : "[^"]*"' | cut -d '"' -f 4)
	[ -z "$endpoint" ] || break
	pause "an endpoint"
done
echo "$endpoint"

database=$(printf '%s\n' "$body" | value databaseId)
wait_for_task "$(api DELETE "/subscriptions/$subscription/databases/$database" | value taskId)" >/dev/null
while api GET "/subscriptions/$subscription/databases" | grep -q "\"databaseId\" : $database,"; do
	pause "the end of database $database"
done
wait_for_task "$(api DELETE "/subscriptions/$subscription" | value taskId)" >/dev/null
while api GET "/subscriptions/$subscription" | grep -q '"status" : "deleting"'; do
	pause "the end of subscription $subscription"
done

// The official Go SDK against a started server. A module of its own, so that the SDK never becomes a dependency of
// the server and may differ from the one the Terraform provider brings.
module github.com/understudy-dev/understudy/test/sdk

go 1.26.0

require (
	github.com/RedisLabs/rediscloud-go-api v0.40.0
	github.com/google/go-cmp v0.7.0
	github.com/understudy-dev/understudy v0.0.0
)

require (
	github.com/avast/retry-go/v4 v4.7.0 // indirect
	golang.org/x/mod v0.29.0 // indirect
	golang.org/x/sync v0.24.0 // indirect
	golang.org/x/sys v0.37.0 // indirect
	golang.org/x/telemetry v0.0.0-20251008203120-078029d740a8 // indirect
	golang.org/x/tools v0.38.0 // indirect
)

replace github.com/understudy-dev/understudy => ../..

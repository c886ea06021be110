package rediscloud

import (
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Environment returns the variables by which the official clients find a server and act for an account. Without values
// it names them.
func Environment(url string, s store.Secrets) []cloud.Variable {
	return []cloud.Variable{
		{Name: "REDISCLOUD_URL", Value: url},
		{Name: "REDISCLOUD_ACCESS_KEY", Value: s.Key, Secret: true},
		{Name: "REDISCLOUD_SECRET_KEY", Value: s.Secret, Secret: true},
	}
}

// Authorize returns the headers, and the parameters of the path, that credentials go into.
func Authorize(key, secret string) (header, path map[string]string) {
	return map[string]string{"X-Api-Key": key, "X-Api-Secret-Key": secret}, nil
}

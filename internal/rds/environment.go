package rds

import (
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Environment returns the variables by which Huawei's SDK finds a server, where a program asks for the region
// cn-north-4, and acts for an account. The URL is that which all of the dialect is below. Without values it names them.
func Environment(url string, s store.Secrets) []cloud.Variable {
	return []cloud.Variable{
		{Name: "HUAWEICLOUD_SDK_REGION_RDS_CN_NORTH_4", Value: strings.TrimSuffix(url, "/v3")}, // an endpoint has no path
		{Name: "HUAWEICLOUD_SDK_PROJECT_ID", Value: s.Key, Secret: true},
		{Name: "HUAWEICLOUD_SDK_AK", Value: s.Key, Secret: true},
		{Name: "HUAWEICLOUD_SDK_SK", Value: s.Secret, Secret: true},
	}
}

// Authorize returns the headers, and the parameters of the path, that credentials go into.
func Authorize(key, secret string) (header, path map[string]string) {
	return map[string]string{"X-Auth-Token": secret}, map[string]string{"project_id": key}
}

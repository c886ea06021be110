package openapi

import (
	"net/http"
	"slices"
)

// The roles that may own an API key. The other roles of an account have no API.
const (
	RoleOwner        = "Owner"
	RoleViewer       = "Viewer"
	RoleLogsViewer   = "Logs Viewer"
	RoleBillingAdmin = "Billing Admin"
)

// Roles returns all of them, the mightiest first.
func Roles() []string {
	return []string{RoleOwner, RoleViewer, RoleLogsViewer, RoleBillingAdmin}
}

// Allows tells whether a role may call the operation: an owner every one, a viewer every GET, and beyond that whoever
// the operation names with x-roles.
func (o *Operation) Allows(role string) bool {
	switch {
	case role == RoleOwner, role == RoleViewer && o.Method == http.MethodGet:
		return true
	default:
		return slices.Contains(o.roles, role)
	}
}

// readRoles reads x-roles; ok says that it is a list of roles that need to be named, or not there.
func readRoles(extension any) (roles []string, ok bool) {
	list, isList := extension.([]any)
	for _, item := range list {
		role, _ := item.(string)
		roles = append(roles, role)
		isList = isList && role != RoleOwner && slices.Contains(Roles(), role)
	}
	return roles, extension == nil || isList && len(list) > 0
}

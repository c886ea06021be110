package model

import (
	"maps"
	"slices"
	"time"
)

// action is one operation that the random requests call.
type action struct {
	op    string              // operationId; for an Active-Active subscription its twin is called
	on    string              // kind of what its path names; empty: nothing
	where string              // aws, gcp, single, active-active, own, keys: where alone it makes sense
	body  func(*draft) any    // nil: none
	query func(*draft) string // nil: none
	makes string              // kind of the new resource that its task names
	kin   string              // kinds of further resources that it may make
	ends  bool                // deletes what its path names
	wide  bool                // changes things elsewhere in the account
	shows string              // members of the body that a read shows: "member=path.in.the.answer", or only the member
	reads string              // the read; empty: that of the kind
	// answers is the statuses and codes of the answers that there may be; nil: nobody knows.
	answers func(*draft) []string
	// Of what is a job to clients: the state in which they see what it is about from its acceptance on, and how long what
	// it leaves to provisioning takes.
	turns string
	takes time.Duration
}

const jobs = "database-job essentials-database-job"

// everyAction lists all operations of the document but those on tasks.
func everyAction() []action {
	all := []action{
		{
			op: "createProSubscription", body: subscription, makes: "subscription", kin: "database",
			shows: "name deploymentType",
		},
		{op: "updateProSubscription", on: "subscription", body: subscriptionChange, shows: "name publicEndpointAccess"},
		{
			op: "updateProSubscription", on: "subscription", where: "keys", body: keys, kin: "database",
			shows: "deletionGracePeriod",
		},
		{op: "deleteProSubscription", on: "subscription", ends: true},
		{
			op: "updateProSubscriptionCidrAllowList", on: "subscription", where: "single", body: allowList,
			reads: "getProSubscriptionCidrAllowList",
			shows: "cidrIps=response.resource.cidr_ips securityGroupIds=response.resource.security_group_ids",
		},
		{
			op: "updateProSubscriptionMaintenanceWindows", on: "subscription", body: maintenance,
			reads: "getProSubscriptionMaintenanceWindows", shows: "mode",
		},
		{
			op: "updateProSubscriptionResourceTags", on: "subscription", where: "own", body: resourceTags,
			shows: "resourceTags=cloudDetails.0.resourceTags",
		},
		{op: "addActiveActiveRegion", on: "subscription", where: "active-active", body: newRegion},
		{op: "deleteActiveActiveRegions", on: "subscription", where: "active-active", body: oldRegion},

		{op: "createProDatabase", on: "subscription", body: database, makes: "database", shows: "name protocol"},
		{
			op: "updateProDatabase", on: "database", where: "single", body: databaseChange,
			shows: "name datasetSizeInGb dataPersistence dataEvictionPolicy replication",
		},
		{
			op: "updateActiveActiveDatabaseRegions", on: "database", where: "active-active", body: regionsChange,
			shows: "name dataEvictionPolicy",
		},
		{op: "deleteProDatabase", on: "database", ends: true},
		{op: "backupProDatabase", on: "database", body: backup, kin: jobs},
		{op: "importProDatabase", on: "database", body: dataImport, kin: jobs},
		{op: "upgradeProDatabase", on: "database", body: upgrade, kin: jobs},
		{op: "flushProDatabase", on: "database"},
		{op: "createProDatabaseTag", on: "database", body: tag},
		{op: "replaceProDatabaseTags", on: "database", body: tags},
		{op: "updateProDatabaseTag", on: "database", body: tagValue},
		{op: "deleteProDatabaseTag", on: "database"},
		{op: "resumeProDatabaseTraffic", on: "database", wide: true},

		{op: "createEssentialsSubscription", body: essentials, makes: "essentials-subscription", shows: "name planId"},
		{op: "updateEssentialsSubscription", on: "essentials-subscription", body: essentialsChange, shows: "name planId"},
		{op: "deleteEssentialsSubscription", on: "essentials-subscription", ends: true},
		{
			op: "createEssentialsDatabase", on: "essentials-subscription", body: essentialsDatabase,
			makes: "essentials-database", shows: "name",
		},
		{
			op: "updateEssentialsDatabase", on: "essentials-database", body: essentialsDatabaseChange,
			shows: "name dataEvictionPolicy",
		},
		{op: "deleteEssentialsDatabase", on: "essentials-database", ends: true},
		{op: "backupEssentialsDatabase", on: "essentials-database", body: backup, kin: jobs},
		{op: "importEssentialsDatabase", on: "essentials-database", body: dataImport, kin: jobs},
		{op: "upgradeEssentialsDatabase", on: "essentials-database", body: upgrade, kin: jobs},
		{op: "createEssentialsDatabaseTag", on: "essentials-database", body: tag},
		{op: "replaceEssentialsDatabaseTags", on: "essentials-database", body: tags},
		{op: "updateEssentialsDatabaseTag", on: "essentials-database", body: tagValue},
		{op: "deleteEssentialsDatabaseTag", on: "essentials-database"},
		{op: "resumeEssentialsDatabaseTraffic", on: "essentials-database", wide: true},

		{op: "createAclRedisRule", body: rule, makes: "ACL rule", shows: "name redisRule=acl"},
		{op: "updateAclRedisRule", on: "ACL rule", body: ruleChange, shows: "name redisRule=acl"},
		{op: "deleteAclRedisRule", on: "ACL rule", ends: true},
		{op: "createAclRole", body: role, makes: "ACL role", shows: "name"},
		{op: "updateAclRole", on: "ACL role", body: roleChange, shows: "name"},
		{op: "deleteAclRole", on: "ACL role", ends: true},
		{op: "createAclUser", body: aclUser, makes: "ACL user", shows: "name"},
		{op: "updateAclUser", on: "ACL user", body: aclUserChange},
		{op: "deleteAclUser", on: "ACL user", ends: true},
		{op: "updateUser", body: userChange, kin: "user"},
		{op: "deleteUser", kin: "user"},
		{op: "createCloudAccount", body: cloudAccount, makes: "cloud account", shows: "name accessKeyId"},
		{op: "updateCloudAccount", on: "cloud account", body: cloudAccount, shows: "name accessKeyId"},
		{op: "deleteCloudAccount", on: "cloud account", ends: true},

		{op: "createVpcPeering", on: "subscription", body: peering, makes: "peering", shows: "vpcCidr"},
		{op: "updateVpcPeering", on: "peering", where: "aws", body: peeringChange, shows: "vpcCidr"},
		{op: "deleteVpcPeering", on: "peering", ends: true},
		{op: "acceptTransitGatewayInvitation", on: "subscription", where: "aws", kin: "transit-gateway"},
		{op: "rejectTransitGatewayInvitation", on: "subscription", where: "aws", kin: "transit-gateway"},
		{op: "createTransitGatewayAttachment", on: "transit-gateway", kin: "transit-gateway-attachment"},
		{op: "updateTransitGatewayAttachment", on: "transit-gateway-attachment", body: attachmentChange},
		{op: "deleteTransitGatewayAttachment", on: "transit-gateway-attachment", ends: true},
		{op: "createPscService", on: "subscription", where: "gcp", makes: "psc-service"},
		{op: "deletePscService", on: "psc-service", ends: true},
		{
			op: "createPscEndpoint", on: "psc-service", body: endpoint, makes: "psc-endpoint",
			shows: "gcpProjectId endpointConnectionName",
		},
		{op: "updatePscEndpoint", on: "psc-endpoint", body: endpointChange, shows: "gcpVpcName"},
		{op: "deletePscEndpoint", on: "psc-endpoint", ends: true},
		{
			op: "createPrivateLink", on: "subscription", where: "aws", body: privateLink, makes: "private-link",
			kin: "private-link-principal",
		},
		{op: "deletePrivateLink", on: "private-link", ends: true},
		{op: "createPrivateLinkPrincipal", on: "private-link", body: principal, kin: "private-link-principal"},
		{op: "deletePrivateLinkPrincipal", on: "private-link-principal", body: principalNamed, ends: true},
		{op: "disassociatePrivateLinkConnections", on: "private-link", body: connections},

		{op: "createEndpointRedirection", on: "database", body: redirection, kin: "redirection " + jobs, wide: true},
		{op: "revertEndpointRedirection", on: "redirection", kin: jobs, wide: true},
		{op: "createCostReport", body: costReport, kin: "cost-report"},
		{op: "postDataIntegrationWorkspace", on: "subscription", body: document, kin: "data-integration-workspace"},
		{op: "putDataIntegrationWorkspace", on: "subscription", body: document, kin: "data-integration-workspace"},
		{op: "patchDataIntegrationWorkspace", on: "subscription", body: document},
		{op: "deleteDataIntegrationWorkspace", on: "subscription"},
		{op: "postDataIntegrationWorkspaceSubpath", on: "subscription", body: document, kin: "data-integration-workspace"},
		{op: "putDataIntegrationWorkspaceSubpath", on: "subscription", body: document, kin: "data-integration-workspace"},
		{op: "patchDataIntegrationWorkspaceSubpath", on: "subscription", body: document},
		{op: "deleteDataIntegrationWorkspaceSubpath", on: "subscription"},
	}
	all = append(all, instanceActions()...)
	reads := everyRead()
	for _, on := range slices.Sorted(maps.Keys(reads)) {
		for _, op := range reads[on] {
			all = append(all, action{op: op, on: on})
		}
	}
	return all
}

// everyRead lists the operations that only read, by the kind that their path names.
func everyRead() map[string][]string {
	return map[string][]string{
		"": {
			"getCurrentAccount", "listDataPersistenceOptions", "listDatabaseModules", "listSystemLogs", "listPaymentMethods",
			"listQueryPerformanceFactors", "listRegions", "listSessionLogs", "listUsers", "getUser", "listProRedisVersions",
			"listCloudAccounts", "listAclRedisRules", "listAclRoles", "listAclUsers", "listProSubscriptions",
			"listEssentialsSubscriptions", "listEssentialsPlans", "getEssentialsPlan", "listEssentialsRedisVersions",
			"listDataIntegrationWorkspaces",
		},
		"subscription": {
			"getProSubscription", "getProSubscriptionCidrAllowList", "getProSubscriptionMaintenanceWindows",
			"getProSubscriptionPricing", "listActiveActiveRegions", "listProDatabases", "listVpcPeerings",
			"listTransitGateways", "listTransitGatewayInvitations", "getPscService", "getPrivateLink",
			"getPrivateLinkEndpointScript", "getDataIntegrationWorkspace", "getDataIntegrationWorkspaceSubpath",
		},
		"database": {
			"getProDatabase", "listProDatabaseTargetVersions", "getProDatabaseBackupStatus", "getProDatabaseCertificate",
			"getProDatabaseImportStatus", "getProDatabaseSlowLog", "listProDatabaseTags", "getProDatabaseTraffic",
			"getProDatabaseUpgradeStatus",
		},
		"essentials-subscription": {
			"getEssentialsSubscription", "listEssentialsDatabases", "listEssentialsPlansForSubscription",
		},
		"essentials-database": {
			"getEssentialsDatabase", "listEssentialsDatabaseTargetVersions", "getEssentialsDatabaseBackupStatus",
			"getEssentialsDatabaseImportStatus", "getEssentialsDatabaseSlowLog", "listEssentialsDatabaseTags",
			"getEssentialsDatabaseTraffic", "getEssentialsDatabaseUpgradeStatus",
		},
		"ACL user":      {"getAclUser"},
		"cloud account": {"getCloudAccount"},
		"psc-service":   {"listPscEndpoints"},
		"psc-endpoint":  {"getPscEndpointCreationScript", "getPscEndpointDeletionScript"},
		"redirection":   {"getEndpointRedirection"},
		"cost-report":   {"downloadCostReport"},
	}
}

package subscription

import (
	"cmp"
	"math"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

// Limits of a database. Those of size and throughput are not public and chosen
// so that only mistakes meet them.
const (
	minDatasetGB    = 0.1
	maxDatasetGB    = 50_000
	maxOpsPerSecond = 10_000_000
	maxShards       = 2_000
	maxSourceIPs    = 32
	maxSyncSources  = 32
	maxRegexRules   = 32
	maxRegexLength  = 256
)

// checkSettings reports whether a database, new or changed, is one that could be
// run by its version. Name and port, which depend on others, are checked by neighbours.
func checkSettings(d Database, version catalog.RedisVersion) error {
	for _, check := range []func(Database) error{
		checkSize, checkThroughput, checkProtocol, checkFlash, checkCluster, checkSourceIPs, checkAlerts, checkSyncSources,
		checkBackup, checkRegexRules,
	} {
		if err := check(d); err != nil {
			return err
		}
	}
	if err := checkModules(d, version); err != nil {
		return err
	}
	codes := versionCodes{
		"DATABASE_RESP_VERSION_IS_NOT_SUPPORTED", "DATABASE_EVICTION_POLICY_NOT_COMPATIBLE_WITH_REDIS_VERSION",
	}
	if d.ActiveActive() {
		codes.resp = "ACTIVE_ACTIVE_DATABASE_RESP_VERSION_IS_NOT_SUPPORTED"
	}
	return checkVersionFeatures(d, version, codes)
}

func checkSize(d Database) error {
	switch {
	case d.DatasetGB == 0:
		return cloud.Errorf("DATABASE_SIZE_LIMIT_NOT_DEFINED",
			"Give the size of the database, as datasetSizeInGb or as memoryLimitInGb.")
	case d.DatasetGB < minDatasetGB && d.memoryGB() < minDatasetGB:
		return tooSmall()
	case d.DatasetGB > maxDatasetGB:
		return cloud.Errorf("DATABASE_SIZE_TOO_BIG", "A database has at most %d GB.", maxDatasetGB)
	}
	return nil
}

func tooSmall() error {
	return cloud.Errorf("DATABASE_SIZE_TOO_SMALL", "A database has at least %v GB.", minDatasetGB)
}

func checkThroughput(d Database) error {
	most := int64(maxOpsPerSecond)
	if d.Throughput.By == numberOfShards {
		most = maxShards
	}
	switch {
	case d.Throughput.Value < 1:
		return cloud.Errorf("PLANNER_INVALID_THROUGHPUT", "The throughput is at least 1, not %d.", d.Throughput.Value)
	case d.Throughput.Value > most:
		return cloud.Errorf("DATABASE_THROUGHPUT_TOO_BIG", "The throughput is at most %d %s.", most, d.Throughput.By)
	case d.Throughput.By == numberOfShards && d.hasModule(search):
		return cloud.Errorf("REDISEARCH_SUPPORTS_ONLY_OPERATIONS_PER_SECOND_AS_THROUGHPUT_MEASUREMENT",
			"With %s the throughput is given by %s.", search, operationsPerSecond)
	}
	return nil
}

// checkProtocol keeps what belongs to one protocol away from the other.
func checkProtocol(d Database) error {
	if d.Protocol == redis {
		switch {
		case d.SASLUsername != "":
			return cloud.Errorf("DATABASE_CONTAIN_MEMCACHED_USERNAME", "A SASL user name belongs to the protocol memcached.")
		case d.SASLPassword != "":
			return cloud.Errorf("DATABASE_CONTAIN_MEMCACHED_PASSWORD", "A SASL password belongs to the protocol memcached.")
		}
		return nil
	}
	switch {
	case d.MemoryStorage == catalog.RAMAndFlash:
		return cloud.Errorf("REDIS_ON_FLASH_DATABASE_MEMCACHED_PROTOCOL_IS_NOT_ALLOWED",
			"The protocol memcached works in RAM only.")
	case len(d.Modules) > 0:
		return cloud.Errorf("DATABASE_MEMCACHED_CONTAINS_MODULES", "The protocol memcached knows no modules.")
	case d.Password != "":
		return cloud.Errorf("DATABASE_MEMCACHED_CONTAINS_REDIS_PASSWORD",
			"The protocol memcached has a SASL password, not a Redis one.")
	case d.NoDefaultUser:
		return cloud.Errorf("DATABASE_MEMCACHED_CONTAINS_REDIS_DEFAULT_USER",
			"The protocol memcached has no default user to switch off.")
	case d.OSSCluster:
		return cloud.Errorf("DATABASE_MEMCACHED_NOT_SUPPORT_OSS_CLUSTER_API",
			"The protocol memcached does not go with the OSS Cluster API.")
	}
	return nil
}

func checkFlash(d Database) error {
	switch {
	case d.ItemSize < 0:
		return cloud.Errorf("DATABASE_AVERAGE_ITEM_SIZE_INVALID_VALUE", "An item cannot have %d bytes.", d.ItemSize)
	case d.MemoryStorage == catalog.RAMAndFlash &&
		(d.RAMPercentage < 10 || d.RAMPercentage > 50 || d.RAMPercentage%10 != 0):
		return cloud.Errorf("DATABASE_RAM_PERCENTAGE_IS_INVALID",
			"The percentage of RAM is 10, 20, 30, 40 or 50, not %d.", d.RAMPercentage)
	}
	return nil
}

func checkCluster(d Database) error {
	switch {
	case d.ExternalEndpoint && !d.OSSCluster:
		return cloud.Errorf("DATABASE_EXTERNAL_ENDPOINT_WITHOUT_OSS_CLUSTER",
			"An external endpoint for the OSS Cluster API needs that API to be on.")
	case d.OSSCluster && len(d.RegexRules) > 0:
		return cloud.Errorf("DATABASE_OSS_CLUSTER_CUSTOM_REGEX_NOT_SUPPORTED",
			"With the OSS Cluster API a database has no regex rules of its own.")
	}
	return nil
}

func checkSourceIPs(d Database) error {
	if len(d.SourceIPs) > maxSourceIPs {
		return cloud.Errorf("DATABASE_SIP_OVER_LIMIT", "A database has a quota of %d source addresses.", maxSourceIPs)
	}
	for _, source := range d.SourceIPs {
		_, errNet := netip.ParsePrefix(source)
		_, errAddr := netip.ParseAddr(source)
		if errNet != nil && errAddr != nil {
			return cloud.Errorf("DATABASE_INVALID_SIP", "%q is not an address or a range of addresses.", source)
		}
	}
	return nil
}

// alertRange is what an alert can be set to, and is set to by default.
type alertRange struct{ least, most, standard int }

// alertLimits of an alert that Pro databases know. doc: monitor-performance#configure-metric-alerts
func alertLimits(name string) (limits alertRange, ok bool) {
	switch name {
	case "dataset-size":
		return alertRange{1, 100, 80}, true // percent
	case "throughput-higher-than":
		return alertRange{1, 10_000_000, 1000}, true // operations per second
	case "throughput-lower-than":
		return alertRange{1, 10_000_000, 10}, true // operations per second
	case "latency":
		return alertRange{1, 10_000, 10}, true // milliseconds
	case "syncsource-error":
		return alertRange{0, 1, 1}, true
	case "syncsource-lag":
		return alertRange{1, 86_400, 600}, true // seconds
	default:
		return limits, false
	}
}

func checkAlerts(d Database) error {
	for _, alert := range d.Alerts {
		if _, ok := alertLimits(alert.Name); !ok {
			return cloud.Errorf("FLEXIBLE_DATABASE_ALERT_NOT_SUPPORTED", "Pro databases have no alert %s.", alert.Name)
		}
	}
	return checkAlertValues(d.Alerts, alertLimits)
}

// checkAlertValues checks alerts that are known to have limits.
func checkAlertValues(alerts []Alert, limitsOf func(string) (alertRange, bool)) error {
	seen := map[string]bool{}
	for _, alert := range alerts {
		limits, _ := limitsOf(alert.Name)
		switch {
		case seen[alert.Name]:
			return cloud.Errorf("DATABASE_INVALID_ALERTS", "The alert %s is there twice.", alert.Name)
		case alert.Value < limits.least || alert.Value > limits.most:
			return cloud.Errorf("DATABASE_INVALID_ALERT_VALUE", "The alert %s is set from %d to %d, not to %d.",
				alert.Name, limits.least, limits.most, alert.Value)
		}
		seen[alert.Name] = true
	}
	return nil
}

func checkSyncSources(d Database) error {
	if len(d.SyncSources) > maxSyncSources {
		return cloud.Errorf("DATABASE_REPLICAS_OVER_LIMIT",
			"A database has a quota of %d sources of replication.", maxSyncSources)
	}
	for _, source := range d.SyncSources {
		uri, err := url.Parse(source.Endpoint)
		if err != nil || uri.Host == "" || uri.Scheme != "redis" && uri.Scheme != "rediss" {
			return cloud.Errorf("DATABASE_REPLICA_OF_BAD_URI", "A source of replication is a redis:// URI.")
		}
	}
	return nil
}

func checkRegexRules(d Database) error {
	if len(d.RegexRules) > maxRegexRules {
		return cloud.Errorf("DATABASE_INVALID_REGEX_RULES", "There can be %d regex rules at most.", maxRegexRules)
	}
	for _, rule := range d.RegexRules {
		_, err := regexp.Compile(rule)
		if err != nil || len(rule) > maxRegexLength || !strings.Contains(rule, "?<tag>") {
			return cloud.Errorf("DATABASE_INVALID_REGEX_RULES",
				"%q is not a rule: a regular expression of at most %d characters with a group named tag.", rule, maxRegexLength)
		}
	}
	return nil
}

func checkModules(d Database, version catalog.RedisVersion) error {
	if len(d.Modules) > 0 && version.BundledModules {
		return cloud.Errorf("DATABASE_EXPLICIT_MODULES_NOT_SUPPORTED_FOR_THIS_REDIS_VERSION",
			"%s has all modules built in: none can be asked for.", version)
	}
	seen := map[string]bool{}
	for _, m := range d.Modules {
		known, ok := catalog.ModuleNamed(m.Name)
		switch {
		case !ok:
			return cloud.Errorf("DATABASE_INVALID_MODULE", "There is no module %q.", m.Name)
		case seen[m.Name]:
			return cloud.Errorf("DATABASE_MODULE_MUST_BE_DEFINED_ONCE", "The module %s is there twice.", m.Name)
		}
		seen[m.Name] = true
		for name, value := range m.Parameters {
			if !slices.ContainsFunc(known.Parameters, func(p catalog.ModuleParameter) bool { return p.Name == name }) {
				return cloud.Errorf("DATABASE_INVALID_MODULE_PARAMETER", "The module %s has no parameter %q.", m.Name, name)
			}
			if err := checkDocuments(name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkDocuments checks the only parameter that there is: how many documents
// RediSearch is to expect.
func checkDocuments(name string, value any) error {
	switch n, ok := value.(float64); {
	case !ok || n != math.Trunc(n):
		return cloud.Errorf("DATABASE_REDIS_SEARCH_MODULE_VALUE_IS_NOT_INTEGER",
			"The parameter %s is an integer, not %v.", name, value)
	case n < 1:
		return cloud.Errorf("DATABASE_REDIS_SEARCH_MODULE_VALUE_NOT_IN_RANGE",
			"The parameter %s is at least 1, not %v.", name, n)
	}
	return nil
}

// versionCodes are the codes for features that a version does not have, where kinds
// of databases differ: RESP3, and eviction policies.
type versionCodes struct{ resp, eviction cloud.Code }

// checkVersionFeatures checks what came with a version of Redis.
func checkVersionFeatures(d Database, version catalog.RedisVersion, codes versionCodes) error {
	switch {
	case d.RespVersion != "" && d.RespVersion != resp2 && d.RespVersion != resp3:
		// Clients match on these words with their quotes, which a refusal, being JSON, would escape: so the task says them.
		return cloud.Errorf("BAD_REQUEST", "Bad Request: JSON parameter contains unsupported fields / values. "+
			"JSON parse error: Cannot deserialize value of type `mappings.RespVersion` from String %.80q: "+
			"not one of the values accepted for Enum class: [%s, %s]", d.RespVersion, resp2, resp3)
	case d.RespVersion == resp3 && !version.SpeaksRESP3():
		return cloud.Errorf(codes.resp, "%s does not speak RESP3.", version)
	case strings.HasSuffix(d.Eviction, "-lrm") && !version.AtLeast(8, 6):
		return cloud.Errorf(codes.eviction, "%s does not know the eviction policy %s.", version, d.Eviction)
	case !slices.Contains(catalog.PerformanceFactors(), d.QueryFactor):
		return cloud.Errorf("DATABASE_QUERY_PERFORMANCE_FACTOR_INVALID_VALUE",
			"%q is not a query performance factor.", d.QueryFactor)
	case d.QueryFactor != standardFactor && !version.HasFactors():
		return cloud.Errorf("DATABASE_QUERY_PERFORMANCE_FACTOR_IS_NOT_SUPPORTED",
			"%s has no query performance factors.", version)
	}
	return nil
}

// checkSearch refuses a query performance factor where nothing can be queried: without
// the module, unless a version was asked for that has it built in. It looks at what
// was asked for alone, so a module that there is not comes second. First databases of a
// subscription are not held to it.
func checkSearch(sub Subscription, spec DatabaseSpec) error {
	factor, asked := deref(spec.QueryFactor), cmp.Or(spec.RedisVersion, sub.RedisVersion)
	version, ok := catalog.ProVersion(asked)
	hasSearch := func(m DatabaseModule) bool { return m.Name == search }
	switch {
	case sub.ActiveActive(), !ok, !version.HasFactors(), factor == standardFactor,
		!slices.Contains(catalog.PerformanceFactors(), factor):
		return nil // or refused for another reason
	case asked != "" && version.BundledModules, slices.ContainsFunc(spec.Modules, hasSearch):
		return nil
	}
	return cloud.Errorf("DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		"The module RediSearch is required for a query performance factor.")
}

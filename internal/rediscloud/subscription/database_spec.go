package subscription

import (
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

// DatabaseSpec is what a request says about a database to be created. What it
// leaves out takes a default.
type DatabaseSpec struct {
	Name            string            `json:"name"`
	Protocol        string            `json:"protocol"`
	Port            *int64            `json:"port"`
	RedisVersion    string            `json:"redisVersion"`
	Modules         []DatabaseModule  `json:"modules"`
	ShardingType    string            `json:"shardingType"`
	ItemSize        *int64            `json:"averageItemSizeInBytes"`
	LocalThroughput []localThroughput `json:"localThroughputMeasurement"` // for Active-Active only
	databaseSettings
}

// databaseSettings is what can be said when a database is created and changed
// later. nil is not said: a new database takes the default, another stays as it is.
type databaseSettings struct {
	DryRun bool `json:"dryRun"`
	commonSettings
	Replication      *bool        `json:"replication"`
	Throughput       *Throughput  `json:"throughputMeasurement"`
	RAMPercentage    *int         `json:"ramPercentage"`
	RespVersion      *string      `json:"respVersion"`
	AutoMinorUpgrade *bool        `json:"autoMinorVersionUpgrade"`
	QueryFactor      *string      `json:"queryPerformanceFactor"`
	Persistence      *string      `json:"dataPersistence"`
	Alerts           *[]Alert     `json:"alerts"`
	ReplicaOf        *[]string    `json:"replicaOf"` // null is not said, an empty list ends replication
	Replica          *replicaSpec `json:"replica"`
	RemoteBackup     *backupSpec  `json:"remoteBackup"`
	BackupPath       *string      `json:"periodicBackupPath"`
	Password         *string      `json:"password"`
	SASLUsername     *string      `json:"saslUsername"`
	SASLPassword     *string      `json:"saslPassword"`
	SourceIPs        *[]string    `json:"sourceIp"`
}

// commonSettings are the settings that databases of every kind have by one name.
type commonSettings struct {
	MemoryGB         *float64           `json:"memoryLimitInGb"`
	DatasetGB        *float64           `json:"datasetSizeInGb"`
	OSSCluster       *bool              `json:"supportOSSClusterApi"`
	ExternalEndpoint *bool              `json:"useExternalEndpointForOSSClusterApi"`
	Eviction         *string            `json:"dataEvictionPolicy"`
	TLS              *bool              `json:"enableTls"`
	SSLCertificate   *string            `json:"clientSslCertificate"`
	TLSCertificates  clientCertificates `json:"clientTlsCertificates"`
}

// passwordTooLong is one character more than a password of a database has at most.
const passwordTooLong = 50

type replicaSpec struct {
	Description string       `json:"description"`
	SyncSources []SyncSource `json:"syncSources"`
}

// applyTo puts what is said into a database. What contradicts itself is found here; checkSettings checks whether the
// outcome is a good database.
func (s databaseSettings) applyTo(d *Database) error {
	if err := s.applySize(d); err != nil {
		return err
	}
	Set(&d.Throughput, s.Throughput)
	if d.MemoryStorage != catalog.RAM { // where it means nothing, clients send it all the same
		Set(&d.RAMPercentage, s.RAMPercentage)
	}
	Set(&d.RespVersion, s.RespVersion)
	Set(&d.QueryFactor, s.QueryFactor)
	Set(&d.Persistence, s.Persistence)
	Set(&d.Eviction, s.Eviction)
	Set(&d.OSSCluster, s.OSSCluster)
	Set(&d.ExternalEndpoint, s.ExternalEndpoint)
	Set(&d.Alerts, s.Alerts)
	Set(&d.SourceIPs, s.SourceIPs)
	if s.AutoMinorUpgrade != nil {
		d.KeepMinorVersion = !*s.AutoMinorUpgrade
	}
	s.applyReplica(d)
	if err := s.applyPassword(d); err != nil {
		return err
	}
	if err := s.applySASL(d); err != nil {
		return err
	}
	if err := s.applyBackup(d); err != nil {
		return err
	}
	return s.applyTLS(d)
}

// applySize takes either measure; replication tells one from the other. The least
// size is that of the measure given: 0.1 GB of memory is enough, replica included.
func (s databaseSettings) applySize(d *Database) error {
	Set(&d.Replication, s.Replication)
	switch {
	case s.DatasetGB != nil && s.MemoryGB != nil:
		return cloud.Errorf("DATABASE_SIZE_LIMIT_INVALID_TOO_MANY_MEMORY_SPECIFICATIONS",
			"Give the size either as datasetSizeInGb or as memoryLimitInGb, not both.")
	case s.DatasetGB != nil && *s.DatasetGB < minDatasetGB:
		return tooSmall()
	case s.DatasetGB != nil:
		d.DatasetGB = *s.DatasetGB
	case s.MemoryGB != nil:
		d.DatasetGB = *s.MemoryGB / float64(catalog.Copies(d.Replication))
	}
	return nil
}

// applyReplica takes either form; the newer one knows more. It says nothing where it
// has no list of sources.
func (s databaseSettings) applyReplica(d *Database) {
	if s.ReplicaOf != nil {
		d.SyncSources, d.SyncDescription = nil, ""
		for _, endpoint := range *s.ReplicaOf {
			d.SyncSources = append(d.SyncSources, SyncSource{Endpoint: endpoint})
		}
	}
	if s.Replica != nil && s.Replica.SyncSources != nil {
		d.SyncSources, d.SyncDescription = s.Replica.SyncSources, s.Replica.Description
	}
}

func (s databaseSettings) applyPassword(d *Database) error {
	if s.Password == nil {
		return nil
	}
	switch {
	case *s.Password == "":
		return cloud.Errorf("DATABASE_PASSWORD_IS_BLANK", "A password cannot be empty.")
	case len(*s.Password) >= passwordTooLong:
		return cloud.Errorf("DATABASE_PASSWORD_IS_TOO_LONG", "A password has fewer than %d characters.", passwordTooLong)
	}
	d.Password = *s.Password
	return nil
}

// applySASL takes over by what the protocol memcached knows its user.
func (s databaseSettings) applySASL(d *Database) error {
	Set(&d.SASLUsername, s.SASLUsername)
	Set(&d.SASLPassword, s.SASLPassword)
	switch {
	case s.SASLUsername != nil && d.SASLUsername == "":
		return cloud.Errorf("DATABASE_MEMCACHED_SASL_USERNAME_IS_BLANK", "A SASL user name cannot be empty.")
	case s.SASLPassword != nil && d.SASLPassword == "":
		return cloud.Errorf("DATABASE_MEMCACHED_SASL_PASSWORD_IS_BLANK", "A SASL password cannot be empty.")
	case len(d.SASLPassword) >= passwordTooLong:
		return cloud.Errorf("DATABASE_MEMCACHED_SASL_PASSWORD_MAX_LENGTH",
			"A SASL password has fewer than %d characters.", passwordTooLong)
	}
	return nil
}

// applyTLS takes over encryption and client certificates. There are two ways to
// name certificates, and clients mix them:
//
//   - switching TLS off drops all of them;
//   - a list is all there is from now on, an empty one or null drops even the one
//     given in the older way;
//   - the older way does not need TLS to be on, and an empty text drops only its own.
func (s databaseSettings) applyTLS(d *Database) error {
	if s.TLS != nil {
		d.TLS = *s.TLS
		if !d.TLS {
			d.SSLCertificate, d.TLSCertificate = false, false
		}
	}
	ssl := s.SSLCertificate != nil && *s.SSLCertificate != ""
	if s.TLSCertificates.named {
		d.TLSCertificate = len(s.TLSCertificates.pems) > 0
		d.SSLCertificate = false
	}
	if s.SSLCertificate != nil {
		d.SSLCertificate = ssl
	}
	if d.TLSCertificate && !d.TLS || ssl && s.TLS != nil && !*s.TLS {
		return cloud.Errorf("CLIENT_SSL_CERTIFICATE_IS_NOT_ALLOWED_WITHOUT_ENABLE_TLS_IS_TRUE",
			"Client certificates need enableTls to be true.")
	}
	_, err := s.certificates()
	return err
}

// Set takes over what is said.
func Set[T any](setting *T, said *T) {
	if said != nil {
		*setting = *said
	}
}

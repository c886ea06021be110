package subscription

import (
	"context"
	"crypto/x509"
	_ "embed"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// clientCertificates is a list of PEM texts, where saying null is not the same
// as saying nothing.
type clientCertificates struct {
	named bool
	pems  []string
}

// UnmarshalJSON reads null or a list, whose items are texts or wrapped texts.
func (c *clientCertificates) UnmarshalJSON(data []byte) error {
	var items []json.RawMessage
	if err := json.Unmarshal(data, &items); err != nil {
		return err
	}
	*c = clientCertificates{named: true}
	for _, item := range items {
		var text string
		if json.Unmarshal(item, &text) != nil {
			var wrapped certificate
			if err := json.Unmarshal(item, &wrapped); err != nil {
				return fmt.Errorf("client certificate: %w", err)
			}
			text = wrapped.PEM
		}
		c.pems = append(c.pems, text)
	}
	return nil
}

// certificates reads the client certificates that are named in either way: PEM
// texts of X.509 certificates, chains too.
func (s commonSettings) certificates() (list []*x509.Certificate, err error) {
	texts := s.TLSCertificates.pems
	if s.SSLCertificate != nil && *s.SSLCertificate != "" {
		texts = append(slices.Clone(texts), *s.SSLCertificate)
	}
	for _, text := range texts {
		before := len(list)
		for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
			certificate, err := x509.ParseCertificate(block.Bytes)
			if err != nil || block.Type != "CERTIFICATE" {
				return nil, invalidCertificate()
			}
			list = append(list, certificate)
		}
		if len(list) == before {
			return nil, invalidCertificate()
		}
	}
	return list, nil
}

// checkExpiry refuses client certificates that have expired by now. Texts that are
// no certificates are found when they are applied.
func (s commonSettings) checkExpiry(now time.Time) error {
	list, _ := s.certificates()
	for _, certificate := range list {
		if now.After(certificate.NotAfter) {
			return cloud.Errorf("DATABASE_EXPIRED_CERT",
				"A client certificate expired on %s.", certificate.NotAfter.Format(time.DateOnly))
		}
	}
	return nil
}

// Clients are known to look for this very wording.
func invalidCertificate() error {
	return cloud.Errorf("DATABASE_INVALID_CERT", "Database certificate is invalid")
}

// The certificate authority of every database: nothing here speaks TLS, so one
// will do. Made with openssl, for 30 years; its key was thrown away.
//
//go:embed data/certificate.pem
var certificatePEM string

type certificate struct {
	PEM string `json:"publicCertificatePEMString"`
}

// The official client asks for the certificate of any database, and takes a
// refusal for a failure; so TLS is not asked about.
func getProDatabaseCertificate(ctx context.Context, tx *store.Tx, in databasePath) (certificate, error) {
	_, err := ProDatabases.read(ctx, tx, in)
	return certificate{PEM: certificatePEM}, err
}

package rediscloud_test

import (
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// A client certificate is good until it expires, by the account's own clock.
func TestExpiredCertificates(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	several := activeActive(t, a)
	text := a.Do(http.MethodGet, pro+"/certificate", nil).Get("publicCertificatePEMString")
	body := func(name string) map[string]any {
		return map[string]any{
			"name": name, "enableTls": true, "clientTlsCertificates": []any{map[string]any{"publicCertificatePEMString": text}},
		}
	}
	wantDone(t, a.Run(http.MethodPut, pro, body("good")))
	a.Settle(pro, "active")
	a.Advance(40 * 365 * 24 * time.Hour)
	sized := body("new")
	sized["datasetSizeInGb"] = 1
	for _, tt := range []struct {
		method, path string
		body         any
	}{
		{http.MethodPut, pro, body("late")},
		{http.MethodPut, pro, map[string]any{"clientSslCertificate": text}},
		{http.MethodPut, fixed, body("late")},
		{http.MethodPost, path.Dir(pro), sized},
		{http.MethodPost, path.Dir(several), sized},
		{http.MethodPut, several + "/regions", body("late")},
	} {
		t.Log(tt.method, tt.path)
		wantError(t, a.Run(tt.method, tt.path, tt.body), "DATABASE_EXPIRED_CERT")
	}
	wantDone(t, a.Run(http.MethodDelete, fixed, nil))
	wantError(t, a.Run(http.MethodPost, path.Dir(fixed), body("new")), "DATABASE_EXPIRED_CERT")
}

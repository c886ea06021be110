package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// wording is a request, and what says the same in other words or something else.
type wording struct {
	keyed
	first string
	// Each is an old text of the first one, a new one, and so on.
	same, other [][]string
}

func wordings() map[string]wording {
	const database = `{"name": "a", "port": 12345, "datasetSizeInGb": 1.5, "dryRun": true, ` +
		`"password": "7", "sourceIp": ["1"]}`
	same := [][]string{
		{`12345`, `"12345"`},
		{`1.5`, `"1.5"`},
		{`true`, `"true"`},
		{`true`, `"True"`},
		{`"7"`, `7`},
		{`["1"]`, `[ 1 ]`},
		{database, "\ufeff" + database},
		{`{`, `{"subscriptionId": 7, `},
		{`{`, `{"commandType": null, `},
		{`{`, `{"protocol": null, "remoteBackup": null, `},
		{
			database,
			`{"sourceIp": [1], "password": 7, "dryRun": "TRUE", "datasetSizeInGb": "1.5", "port": "012345", "name": "a", ` +
				`"subscriptionId": 1, "replica": null}`,
		},
	}
	other := [][]string{
		{`12345`, `null`},
		{`12345`, `"12346"`},
		{`1.5`, `"1.50"`},
		{`"7"`, `null`},
		{`true`, `"false"`},
		{`{`, `{"clientTlsCertificates": null, `},
		{`{`, `{"remoteBackup": {}, `},
		{`{`, `{"protocol": "redis", `},
	}
	return map[string]wording{
		"key": {
			keyed{databaseCreation(), "Idempotency-Key", withKey("a-key-of-the-test"), nil}, database, same, other,
		},
		"token": {byToken(databaseCreation()), database, same, other},
		"token of RDS": {
			byToken(instanceCreation()),
			`{"name": "orders", "datastore": {"type": "MySQL", "version": "8.0"}, "flavor_ref": "rds.mysql.n1.large.2", ` +
				`"volume": {"type": "COMMON", "size": 40}, "region": "1", "availability_zone": "a", "vpc_id": "v", ` +
				`"subnet_id": "s", "security_group_id": "g", "password": "Secret-77", "port": 8635}`,
			[][]string{
				{`8635`, `"8635"`},
				{`40`, `"40"`},
				{`"1"`, `1`},
				{`{"name"`, ` { "ha":null, "backup_strategy": null , "name"`},
				{`"type": "MySQL", "version": "8.0"`, `"version": "8.0", "type": "MySQL"`},
			},
			[][]string{
				{`8635`, `"8636"`},
				{`, "port": 8635`, ``},
				{`Secret-77`, `Secret-78`},
				{`"password": "Secret-77", `, ``},
				{`40`, `50`},
				{`{"name"`, `{"ha": {"mode": "Single"}, "name"`},
				{`{"name"`, `{"tags": [], "name"`},
				{`"port": 8635`, `"port": 3306`},
			},
		},
	}
}

// D-7, R-10: a retry that says the same in other words is the same request, under either kind of key. One that says
// anything else is not. Headers do not count.
func TestD7OtherWords(t *testing.T) {
	t.Parallel()
	for name, w := range wordings() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, nil).Account()
			answer := w.post(a, w.first, w.with)
			wantStatus(t, w.first, answer, http.StatusAccepted, "")
			for _, same := range w.same {
				wantReplay(t, w.post(a, strings.NewReplacer(same...).Replace(w.first), w.with), answer)
			}
			wantReplay(t, w.post(a, w.first, w.with, withHeader("X-Language", "zh-cn")), answer)
			for _, other := range w.other {
				got := w.post(a, strings.NewReplacer(other...).Replace(w.first), w.with)
				if got.Status != http.StatusUnprocessableEntity && !strings.Contains(string(got.Body), "DBS.280495") {
					t.Errorf("%s: got %d %s, want it told from the first", other, got.Status, got.Body)
				}
			}
			wantEffects(t, a, 1)
		})
	}
}

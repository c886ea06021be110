package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// D-7: a retry that says the same in other words is the same request, under either kind of key. One that says anything
// else is not.
func TestD7OtherWords(t *testing.T) {
	t.Parallel()
	const path = "/v1/subscriptions/1/databases"
	const first = `{"name": "a", "port": 12345, "datasetSizeInGb": 1.5, "dryRun": true, ` +
		`"password": "7", "sourceIp": ["1"]}`
	change := func(old, replacement string) string { return strings.Replace(first, old, replacement, 1) }
	for name, key := range map[string]func(*http.Request){
		"key": withKey("a-key-of-the-test"), "token": withToken(aToken),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, nil).Account()
			answer := a.Do(http.MethodPost, path, first, key)
			wantStatus(t, first, answer, http.StatusAccepted, "")
			for _, same := range []string{
				change(`12345`, `"12345"`), change(`1.5`, `"1.5"`), change(`true`, `"true"`), change(`true`, `"True"`),
				change(`"7"`, `7`), change(`["1"]`, `[ 1 ]`), "\ufeff" + first, change(`{`, `{"subscriptionId": 7, `),
				change(`{`, `{"commandType": null, `), change(`{`, `{"protocol": null, "remoteBackup": null, `),
				change(first,
					`{"sourceIp": [1], "password": 7, "dryRun": "TRUE", "datasetSizeInGb": "1.5", "port": "012345", "name": "a", `+
						`"subscriptionId": 1, "replica": null}`),
			} {
				wantReplay(t, a.Do(http.MethodPost, path, same, key), answer)
			}
			for _, other := range []string{
				change(`12345`, `null`), change(`12345`, `"12346"`), change(`1.5`, `"1.50"`), change(`"7"`, `null`),
				change(`true`, `"false"`), change(`{`, `{"clientTlsCertificates": null, `), change(`{`, `{"remoteBackup": {}, `),
				change(`{`, `{"protocol": "redis", `),
			} {
				got := a.Do(http.MethodPost, path, other, key)
				if got.Status != http.StatusUnprocessableEntity && !strings.Contains(string(got.Body), "DBS.280495") {
					t.Errorf("%s: got %d %s, want it told from the first", other, got.Status, got.Body)
				}
			}
			wantEffects(t, a, 1)
		})
	}
}

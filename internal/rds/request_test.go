package rds_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestWhatIsNoRequestIsRefusedInTheWordsOfTheDialect(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	gone := strings.Repeat("0", 32) + "in01"
	for _, one := range []struct {
		status             int
		code, method, path string
		body               string
	}{
		{http.StatusBadRequest, "DBS.200006", http.MethodPost, "/instances", ""},
		{http.StatusBadRequest, "DBS.200006", http.MethodPost, "/instances", "null"},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances", "{"},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances", "[]"},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances", `"orders"`},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances", single + "{}"},
		{
			http.StatusRequestEntityTooLarge, "APIGW.0201", http.MethodPost, "/instances",
			`{"name": "` + strings.Repeat("a", 1<<20) + `"}`,
		},
		{http.StatusBadRequest, "DBS.200006", http.MethodPost, "/instances/" + gone + "/action", ""},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances/" + gone + "/action", "{}"},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances/" + gone + "/action", `{"restart": null}`},
		{http.StatusBadRequest, "DBS.200001", http.MethodPost, "/instances/" + gone + "/action", `{"stop": {}}`},
		{http.StatusBadRequest, "DBS.200006", http.MethodPut, "/instances/" + gone + "/name", ""},
		{http.StatusBadRequest, "DBS.200001", http.MethodPut, "/instances/" + gone + "/name", "{}"},
		{http.StatusNotFound, "APIGW.0101", http.MethodGet, "/backups", ""},
		{http.StatusNotFound, "APIGW.0101", http.MethodGet, "/instances/" + gone + "/configurations", ""},
		{http.StatusNotFound, "APIGW.0101", http.MethodPatch, "/instances", ""},
		{http.StatusNotFound, "APIGW.0101", http.MethodDelete, "/jobs", ""},
		{http.StatusBadRequest, "DBS.200001", http.MethodGet, "/jobs", ""},
		{http.StatusBadRequest, "DBS.200543", http.MethodGet, "/jobs?id=none", ""},
		{http.StatusBadRequest, "DBS.200543", http.MethodGet, "/jobs?id=11111111-1111-4111-8111-111111111111", ""},
		{http.StatusNotFound, "DBS.200002", http.MethodDelete, "/instances/" + gone, ""},
		{http.StatusNotFound, "DBS.200002", http.MethodPost, "/instances/" + gone + "/action", doRestart},
		{http.StatusNotFound, "DBS.200002", http.MethodPut, "/instances/" + gone + "/name", `{"name": "orders"}`},
		{http.StatusBadRequest, "DBS.280404", http.MethodDelete, "/instances/7", ""},
		{http.StatusBadRequest, "DBS.280404", http.MethodDelete, "/instances/" + strings.ToUpper(gone), ""},
		{http.StatusBadRequest, "DBS.280404", http.MethodPost, "/instances/orders/action", doRestart},
		{http.StatusBadRequest, "DBS.280404", http.MethodPut, "/instances/1/name", `{"name": "orders"}`},
	} {
		p.refused(one.status, one.code, one.method, one.path, one.body)
	}
}

func TestAPortIsATextOrANumberAndTheSameToItsToken(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	const token = "46436810-d999-454c-bd85-e515fd258601"
	ask := func(port any) object {
		t.Helper()
		body := with(t, single, "port", port)
		return p.ask(http.StatusAccepted, http.MethodPost, "/instances", body, "X-Client-Token", token)
	}
	first, again := ask(8635), ask("8635")
	if get(first, "job_id") != get(again, "job_id") || get(first, "instance", "port") != "8635" {
		t.Errorf("got %v and %v", first, again)
	}
	p.refused(http.StatusBadRequest, "DBS.280495", http.MethodPost, "/instances", with(t, single, "port", 8636),
		"X-Client-Token", token)
}

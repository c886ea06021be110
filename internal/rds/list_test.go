package rds_test

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestListIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	create := func(changes ...any) any {
		t.Helper()
		return get(p.ask(http.StatusAccepted, http.MethodPost, "/instances", with(t, single, changes...)), "instance", "id")
	}
	orders := create("name", "orders", "vpc_id", "v1", "tags", []object{{"key": "team", "value": "a"}})
	invoices := create(append(highly("Ha", "async"), "name", "invoices", "subnet_id", "s1",
		"tags", []object{{"key": "team", "value": "b"}, {"key": "env", "value": "test"}})...)
	reorders := create("name", "reorders", "enterprise_project_id", "e1")
	expect := func(query string, want ...any) {
		t.Helper()
		answer := p.ask(http.StatusOK, http.MethodGet, "/instances"+query, "")
		var got []any
		for _, one := range get(answer, "instances").([]any) {
			got = append(got, get(one, "id"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", query, got, want)
		}
	}
	filters := func() {
		t.Helper()
		expect("", orders, invoices, reorders)
		expect("?id="+invoices.(string), invoices)
		expect("?id=*"+invoices.(string)[4:20], invoices)
		expect("?id=7")
		expect("?name=orders", orders)
		expect("?name=*orders", orders, reorders)
		expect("?name=ORDERS")
		expect("?type=Ha", invoices)
		expect("?type=Single", orders, reorders)
		expect("?type=Replica")
		expect("?datastore_type=MySQL", orders, invoices, reorders)
		expect("?datastore_type=PostgreSQL")
		expect("?vpc_id=v1", orders)
		expect("?subnet_id=s1", invoices)
		expect("?eps_id=e1", reorders)
		expect("?group_type=flexus")
		expect("?tags=team=a", orders)
		expect("?tags=team", orders, invoices)
		expect("?tags=team%3Db,env%3D", invoices)
		expect("?tags=team=a,env=test")
		expect("?limit=2", orders, invoices)
		expect("?offset=1", invoices, reorders)
		expect("?offset=1&limit=1", invoices)
		expect("?offset=7")
		expect("?name=*orders&type=Single&offset=1", reorders)
	}
	filters() // while the jobs wait,
	p.pass(3 * time.Second)
	filters() // while they run,
	p.pass(10 * time.Minute)
	filters() // and when they are done

	if got := p.ask(http.StatusOK, http.MethodGet, "/instances?limit=1", "")["total_count"]; got != 3.0 {
		t.Errorf("got a total of %v", got)
	}
	for _, query := range []string{
		"?limit=0", "?limit=101", "?limit=many", "?offset=-1", "?type=single", "?datastore_type=mysql", "?name=*", "?id=*",
		"?tags=%3Da", "?tags=a,b,c,d,e,f,g,h,i,j,k",
	} {
		p.refused(http.StatusBadRequest, "DBS.200001", http.MethodGet, "/instances"+query, "")
	}
}

func TestAnInstanceIsShownInTheTypesThatClientsRead(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	body := with(t, single, append(highly("ha", "semisync"), "port", nil, "data_vip", "10.0.0.7")...)
	answer := p.ask(http.StatusAccepted, http.MethodPost, "/instances", body)
	created, job := get(answer, "instance").(object), get(answer, "job_id").(string)
	if created["port"] != "3306" || created["status"] != "BUILD" || get(created, "ha", "mode") != "ha" ||
		get(created, "backup_strategy", "keep_days") != 7.0 || get(created, "charge_info", "charge_mode") != "postPaid" ||
		created["password"] != nil {
		t.Errorf("created: got %v", created)
	}
	id := created["id"].(string)
	if got := p.instance(id); got["created"] != "" || got["updated"] != "" || len(got["private_ips"].([]any)) != 0 {
		t.Errorf("while it is built: got %v", got)
	}
	p.end(job, "Completed")
	got := p.instance(id)
	for path, want := range map[string]any{
		"port": 3306.0, "cpu": "2", "mem": "8", "type": "Ha", "db_user_name": "root", "time_zone": "UTC", "enable_ssl": false,
	} {
		if got[path] != want {
			t.Errorf("%s: got %v, want %v", path, got[path], want)
		}
	}
	if get(got, "ha", "replication_mode") != "semisync" || get(got, "ha", "mode") != nil ||
		get(got, "nodes", 0, "role") != "master" || get(got, "nodes", 1, "role") != "slave" || get(got, "nodes", 2) != nil ||
		get(got, "nodes", 1, "availability_zone") != "cn-north-4b" || get(got, "private_ips", 0) != "10.0.0.7" ||
		get(got, "datastore", "complete_version") != "8.0.32" {
		t.Errorf("got %v", got)
	}
	if _, err := time.Parse("2006-01-02T15:04:05-0700", got["created"].(string)); err != nil {
		t.Error(err)
	}
	if got := get(p.job(job), "entities", "instance", "endpoint"); got != "10.0.0.7:3306" {
		t.Errorf("got %v", got)
	}
	other, _ := p.create(single)
	if got := p.instance(other); got["ha"] != nil || got["type"] != "Single" || len(got["nodes"].([]any)) != 1 {
		t.Errorf("single: got %v", got)
	}
}

package rds_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// with is a creation with members changed: names and values, of which nil takes a member out.
func with(tb testing.TB, body string, changes ...any) string {
	tb.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(body), &object); err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < len(changes); i += 2 {
		name := changes[i].(string)
		object[name] = changes[i+1]
		if changes[i+1] == nil {
			delete(object, name)
		}
	}
	text, err := json.Marshal(object)
	if err != nil {
		tb.Fatal(err)
	}
	return string(text)
}

type object = map[string]any

// highly is what makes a creation one of a primary and a standby.
func highly(mode, replication string) []any {
	return []any{
		"ha",
		object{"mode": mode, "replication_mode": replication},
		"flavor_ref", "rds.mysql.x1.large.4.ha",
		"availability_zone", "cn-north-4a,cn-north-4b",
	}
}

func TestWhatIsWrongWithACreationHasItsCode(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	for code, cases := range map[string][][]any{
		"DBS.200001": {
			{"name", nil},
			{"flavor_ref", nil},
			{"volume", nil},
			{"availability_zone", nil},
			{"datastore", nil},
			{"vpc_id", nil},
			{"subnet_id", ""},
			{"security_group_id", nil},
			{"colour", "red"},
			{"volume", object{"type": "ULTRAHIGH", "size": 100, "colour": "red"}},
			{"volume", object{"type": "ULTRAHIGH", "size": "large"}},
			{"volume", 7},
			{"name", []string{"orders"}},
			{"port", "1023"},
			{"port", 65536},
			{"port", 12017},
			{"port", "33071"},
			{"port", "08635"},
			{"port", "http"},
			{"port", 3306.5},
			{"backup_strategy", object{"keep_days": 7}},
			{"backup_strategy", object{"start_time": "08:15-10:15"}},
			{"backup_strategy", object{"start_time": "08:15-09:30"}},
			{"backup_strategy", object{"start_time": "08:10-09:10"}},
			{"backup_strategy", object{"start_time": "24:00-01:00"}},
			{"backup_strategy", object{"start_time": "08:15-09:15", "keep_days": 733}},
			{"backup_strategy", object{"start_time": "08:15-09:15", "keep_days": -1}},
			{"charge_info", object{"charge_mode": "never"}},
			{"charge_info", object{"charge_mode": "prePaid", "period_type": "month", "period_num": 1}},
			{"time_zone", "UTC+08:30"},
			{"time_zone", "UTC+13:00"},
			{"time_zone", "Europe/Berlin"},
			{"data_vip", "192.168.0.300"},
			{"data_vip", "::1"},
			{"unchangeable_param", object{"lower_case_table_names": "2"}},
			{"tags", []object{{"key": "", "value": "v"}}},
			{"tags", []object{{"key": "system", "value": "v"}}},
			{"tags", []object{{"key": "a", "value": "1"}, {"key": "a", "value": "2"}}},
			{"tags", []object{{"key": " a", "value": "1"}}},
			{"tags", []object{{"key": "a/b", "value": "1"}}},
			{"tags", []object{{"key": "a", "value": strings.Repeat("v", 256)}}},
			{"tags", tags(21)},
		},
		"DBS.200021": {
			{"name", "abc"},
			{"name", "7up-orders"},
			{"name", strings.Repeat("a", 65)},
			{"name", "orders!"},
			{"name", "with space"},
		},
		"DBS.200023": {
			{"volume", object{"type": "ULTRAHIGH", "size": 30}},
			{"volume", object{"type": "ULTRAHIGH", "size": 4010}},
			{"volume", object{"type": "ULTRAHIGH", "size": 45}},
		},
		"DBS.200024": {{"region", nil}, {"region", ""}},
		"DBS.200025": {
			{"availability_zone", ""},
			{"availability_zone", "a,b"},
			append(highly("Ha", "async"), "availability_zone", "a"),
			append(highly("Ha", "async"), "availability_zone", "a,"),
			append(highly("Ha", "async"), "availability_zone", "a,b,c"),
		},
		"DBS.200026": {{"volume", object{"type": "TAPE", "size": 100}}, {"volume", object{"type": "common", "size": 100}}},
		"DBS.200040": {
			{"datastore", object{"type": "PostgreSQL", "version": "14"}},
			{"datastore", object{"type": "SQLServer", "version": "2017_SE"}},
			{"datastore", object{"type": "MySQL", "version": "9.9"}},
		},
		"DBS.200043": {highly("Ha", "sync"), highly("Ha", "")},
		"DBS.200051": {highly("Both", "async")},
		"DBS.200052": {
			{"password", "Short-7"},
			{"password", "alllowercase"},
			{"password", "Lower and 7"},
			{"password", "Umläute-77"},
			{"password", "A1-" + strings.Repeat("a", 30)},
		},
		"DBS.200054": {
			{"flavor_ref", "rds.pg.n1.large.2"},
			{"flavor_ref", "large"},
			{"flavor_ref", "rds.mysql.n1.large.2.ha"},
			{"flavor_ref", "rds.mysql.n1.large"},
			append(highly("Ha", "async"), "flavor_ref", "rds.mysql.n1.large.2"),
			append(highly("Single", ""), "availability_zone", "a"),
		},
	} {
		for _, changes := range cases {
			p.refused(http.StatusBadRequest, code, http.MethodPost, "/instances", with(t, single, changes...))
		}
	}
	if got := p.ask(http.StatusOK, http.MethodGet, "/instances", "")["total_count"]; got != 0.0 {
		t.Errorf("got %v DB instances of what was refused", got)
	}
}

func tags(n int) (all []object) {
	for i := range n {
		all = append(all, object{"key": "k" + strings.Repeat("x", i), "value": ""})
	}
	return all
}

func TestWhatIsNotOfferedHereIsRefusedAsNotPermitted(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	replica := `{"name": "replica", "replica_of_id": "` + strings.Repeat("0", 32) + `in01",
		"flavor_ref": "rds.mysql.n1.large.2.rr", "volume": {"type": "CLOUDSSD"  , "size": 100}, "availability_zone": "a",
		"region": "cn-north-4", "datastore": null}`
	p.refused(http.StatusForbidden, "DBS.200044", http.MethodPost, "/instances", replica)
	for _, changes := range [][]any{
		{"dry_run", true},
		{"count", 2},
		{"dsspool_id", "pool"},
		{"restore_point", object{"instance_id": "i", "type": "backup", "backup_id": "b"}},
		{"serverless_info", object{"min_cap": "1", "max_cap": "2"}},
		{"auto_enlarge_strategy", object{}},
	} {
		p.refused(http.StatusForbidden, "DBS.200044", http.MethodPost, "/instances", with(t, single, changes...))
	}
}

func TestWhatARealClientMaySendIsTaken(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	for _, changes := range [][]any{
		{"password", nil, "port", nil},
		{"datastore", object{"type": "mysql", "version": "5.7"}},
		{"charge_info", object{"charge_mode": "postPaid"}},
		{"time_zone", "UTC-12:00"},
		{"unchangeable_param", object{"lower_case_table_names": "0"}},
		{"backup_strategy", object{"start_time": "23:45-00:45", "keep_days": 732}},
		{"backup_strategy", object{"start_time": "01:00-02:00", "keep_days": 0}},
		{"dry_run", false, "count", 1, "collation", "", "is_auto_upgrade", true},
		{"name", "orders订单"},
		{"flavor_ref", "rds.mysql.c2.medium"},
		{"flavor_ref", "rds.mysql.z9.16xlarge.8"},
		{"volume", object{"type": "COMMON", "size": 4000}},
		{"tags", tags(20)},
		highly("ha", "semisync"),
		highly("Single", "")[:2],
	} {
		p.ask(http.StatusAccepted, http.MethodPost, "/instances", with(t, single, changes...))
	}
}

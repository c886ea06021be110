package model

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// DB instances, whose clients are told of at once what will be there when the jobs before are done.

// project is the kind of what their creation is aimed at: the account itself.
const project = "project"

// Answers to requests about a DB instance.
const (
	accepted = "202"
	renamed  = "200"
	badName  = "400 DBS.200021"
	unknown  = "404 DBS.200002"
	busy     = "409 DBS.200047"
)

func instanceActions() []action {
	return []action{
		{
			op: "createInstance", on: project, body: instance, makes: "instance", answers: created,
			turns: "pending", takes: 6 * time.Minute,
			shows: "name flavor_ref volume region vpc_id subnet_id security_group_id",
		},
		{op: "listInstances", on: project},
		{op: "listDatastores", on: project},
		{op: "listFlavors", on: project},
		{op: "listStorageTypes", on: project, query: func(d *draft) string {
			return "version_name=" + d.one("version", "8.0", "5.7")
		}},
		{op: "restartInstance", on: "instance", body: restart, answers: changed, turns: "rebooting", takes: time.Minute},
		{op: "renameInstance", on: "instance", body: rename, answers: changed, shows: "name", reads: "listInstances"},
		{op: "deleteInstance", on: "instance", ends: true, answers: changed, turns: "deleting", takes: time.Minute},
	}
}

func instance(d *draft) any {
	shape := d.one("shape", "single", "standby")
	if again := d.repeated(); again != nil {
		return again
	}
	body := servetest.InstanceBody(d.name())
	if shape == "standby" {
		body["ha"] = object{"mode": "Ha", "replication_mode": "semisync"}
		body["flavor_ref"], body["availability_zone"] = "rds.mysql.n1.large.2.ha", "eu-de-01,eu-de-02"
	}
	if d.rarely("wrong") {
		switch d.one("what", "name", "volume", "flavor") {
		case "name":
			body["name"], d.wrong = "7up", badName
		case "volume":
			body["volume"], d.wrong = object{"type": "ULTRAHIGH", "size": 41}, "400 DBS.200023"
		case "flavor":
			body["flavor_ref"], d.wrong = "none", "400 DBS.200054"
		}
	}
	return body
}

// repeated gives a creation a token, now and then one that another one had: then its body, or one with another name.
func (d *draft) repeated() any {
	var before, unsure []*Call
	for _, c := range slices.Concat(d.m.lost, d.m.calls) {
		switch {
		case c.Token == "" || c.again != nil:
		case c.Status == http.StatusAccepted:
			before = append(before, c)
		case c.Status == 0:
			unsure = append(unsure, c)
		}
	}
	before = before[max(0, len(before)-recent):]
	how := d.one("token", "none", "new", "again", "with another body", "malformed")
	switch {
	case how == "none":
	case how == "malformed" && d.rarely("indeed"):
		d.token, d.wrong = "No-Token", "400 DBS.280497"
		return servetest.InstanceBody(d.name())
	case how == "again" && len(unsure)+len(before) > 0:
		if len(unsure) == 0 {
			unsure = before
		}
		d.again = unsure[d.pick("which", len(unsure))]
		d.token = d.again.Token
		return d.again.Body
	case how == "with another body" && len(before) > 0:
		d.token, d.wrong = before[d.pick("which", len(before))].Token, "400 DBS.280495"
		return servetest.InstanceBody(d.name() + "-other")
	default:
		d.m.names++
		d.token = uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, d.m.Client, d.m.names)).String()
	}
	return nil
}

const (
	validity = 8 * time.Hour // of a token
	recent   = 3             // so many were sent last: a token is forgotten after three days
	expired  = "400 DBS.280498"
)

// created is how a creation must be answered.
func created(d *draft) []string {
	switch {
	case d.wrong != "":
		return []string{d.wrong}
	case d.again != nil && d.m.Now.IsZero():
		return []string{accepted, expired, busy} // a server that was killed may still hold the token
	case d.again != nil && d.m.Now.Sub(d.again.at) >= validity:
		return []string{expired}
	default:
		return []string{accepted}
	}
}

func restart(d *draft) any {
	return object{"restart": object{"forcible": d.yes("forcible")}}
}

func rename(d *draft) any {
	if d.rarely("wrong") {
		d.wrong = badName
		return object{"name": "7up"}
	}
	return object{"name": "db-" + d.name()}
}

// changed is how the change of a DB instance must be answered.
func changed(d *draft) []string {
	done := accepted
	if d.action.op == "renameInstance" {
		done = renamed
	}
	r := d.m.foreseen(Snapshot{d.target.Ref: d.target})[d.target.Ref]
	switch settled := d.m.kinds[r.Kind].settled(r.Status); {
	case d.wrong != "":
		return []string{d.wrong}
	case d.m.isGone(d.target):
		return []string{unknown}
	case settled && d.m.Sole:
		return []string{done}
	case d.m.still():
		return []string{busy}
	default:
		return []string{busy, done, unknown}
	}
}

// foreseen is what clients see of what there is: also what accepted jobs are to do.
func (m *Model) foreseen(s Snapshot) Snapshot {
	seen := maps.Clone(s)
	for _, c := range m.Unfinished() {
		if !c.isJob() {
			continue
		}
		r, there := seen[c.subject()]
		if c.UID != "" {
			r, there = Resource{Ref: c.subject(), UID: c.UID, Name: textAt(plain(c.Body), "name")}, true
		}
		if r.Status = c.action.turns; there {
			seen[r.Ref] = r
		}
	}
	return seen
}

package model

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Choice chooses one of n things, from 0.
type Choice func(label string, n int) int

// draft is a request that is being made up.
type draft struct {
	m            *Model
	choice       Choice
	action       *action
	target, root Resource
	region       int64 // id of a region of root
	dry          bool
	wrong        string // the answer to what is wrong with the body; empty: nothing is
	token        string
	again        *Call // that is repeated
}

func (d *draft) pick(label string, n int) int { return d.choice(label, n) }

// one and the others of its kind make the first option the plainest: shrinking prefers it.
func (d *draft) one(label string, options ...string) string {
	return options[d.choice(label, len(options))]
}

func (d *draft) yes(label string) bool { return d.choice(label, 2) == 1 }

func (d *draft) rarely(label string) bool { return d.choice(label, 8) == 7 }

// list is some of the options, in their order; the last one only rarely.
func (d *draft) list(label string, options ...string) []string {
	some := []string{}
	for i, option := range options {
		if i == len(options)-1 && d.rarely(label) || i < len(options)-1 && d.yes(label) {
			some = append(some, option)
		}
	}
	return some
}

// name is one that nothing has, or now and then one that something may have.
func (d *draft) name() string {
	if d.rarely("clash") {
		return "name-0"
	}
	d.m.names++
	return fmt.Sprintf("%sname-%d", d.m.Client, d.m.names)
}

// databaseName is one of few, which are unique in a subscription only.
func (d *draft) databaseName() string {
	return d.one("name", "one", "two", "three", "four", "five", "1wrong")
}

func (d *draft) dryRun(body object) {
	if d.rarely("dry run") {
		d.dry, body["dryRun"] = true, true
	}
}

// some is a resource of a kind, one that is still there if there is one.
func (d *draft) some(kind string) Resource {
	candidates := d.m.candidates(kind, false)
	if len(candidates) == 0 || d.rarely("gone "+kind) {
		candidates = append(candidates, d.m.candidates(kind, true)...)
	}
	if len(candidates) == 0 {
		return Resource{Ref: Ref{kind, 1}}
	}
	return candidates[len(candidates)-1-d.choice("which "+kind, len(candidates))]
}

// sensible reports whether an action makes sense where it is aimed at.
func (a *action) sensible(root Resource) bool {
	switch a.where {
	case "aws", "gcp":
		return root.Provider == strings.ToUpper(a.where)
	case "active-active":
		return len(root.Regions) > 0
	case "single":
		return len(root.Regions) == 0
	case "own":
		return root.Own
	case "keys":
		return root.Status == "encryption_key_pending"
	default:
		return true
	}
}

// Draw makes up a request: first on which kind of resource, then to do what, then to which one. A few aim at what is
// gone or at what makes no sense.
func (m *Model) Draw(choice Choice) *Call {
	d := &draft{m: m, choice: choice}
	var kinds []string
	for _, kind := range m.targets {
		if kind == "" || len(m.candidates(kind, false)) > 0 {
			kinds = append(kinds, kind)
		}
	}
	// The later ones are reached more rarely, so they are the likelier ones once they are there.
	kind := kinds[max(choice("kind", len(kinds)), choice("or kind", len(kinds)))]
	if kind != "" {
		d.target = d.some(kind)
		d.root = m.known.root(d.target)
	}
	actions := m.actionsOn(kind, d.root, d.rarely("senseless"), d.choice("read", 4) == 3)
	d.action = actions[choice("action", len(actions))]
	if d.action.ends && d.yes("spare it") {
		d.action = actions[choice("other action", len(actions))]
	}
	return d.call()
}

// actionsOn lists what can be done with a kind: the reads or the rest, or what there is if it is only one of them.
func (m *Model) actionsOn(kind string, root Resource, senseless, read bool) []*action {
	var wanted, others []*action
	for i := range m.actions {
		a := &m.actions[i]
		switch {
		case a.on != kind || !senseless && !a.sensible(root) || m.full(a):
		case read == (m.operations[a.op].Method == http.MethodGet):
			wanted = append(wanted, a)
		default:
			others = append(others, a)
		}
	}
	if len(wanted) == 0 {
		return others
	}
	return wanted
}

// full reports whether an action would make another one of so many that a list soon has two pages: while others make
// and delete some, clients cannot read both at once.
func (m *Model) full(a *action) bool {
	most := m.kinds[a.makes].pages / 2
	return most > 0 && len(m.candidates(a.makes, false)) >= most
}

// opening is what an account begins with, so that there is something of each sort: stages, each of which wants the one
// before it to be at rest.
func opening() [][]scripted {
	return [][]scripted{
		{
			{op: "createAclRedisRule"},
			{op: "createCloudAccount"},
			{op: "createEssentialsSubscription"},
			{op: "createProSubscription"},
			{op: "createProSubscription", shape: 1},
			{op: "createProSubscription", shape: 2},
			{op: "createProSubscription", shape: 3},
			{op: "createInstance"},
			{op: "createInstance", shape: 1},
		},
		{
			{op: "createAclRole"},
			{op: "createEssentialsDatabase"},
			{op: "createVpcPeering"},
			{op: "createPscService"},
			{op: "createPrivateLink"},
			{op: "acceptTransitGatewayInvitation"},
			{op: "createVpcPeering", several: true},
			{op: "createPrivateLink", several: true},
		},
		{{op: "createAclUser"}, {op: "createPscEndpoint"}, {op: "createTransitGatewayAttachment"}, {op: "backupProDatabase"}},
		{{op: "deleteActiveActiveRegions"}}, // the one that has connections
	}
}

// scripted is a request whose choices are all the first.
type scripted struct {
	op      string
	shape   int  // but for the shape of a subscription
	several bool // and for its place: an Active-Active subscription
}

// Opening is the requests of one stage to begin with; none when all stages are over.
func (m *Model) Opening(stage int) (calls []*Call) {
	stages := opening()
	if stage >= len(stages) {
		return nil
	}
	for _, script := range stages[stage] {
		i := slices.IndexFunc(m.actions, func(a action) bool { return a.op == script.op })
		d := &draft{m: m, action: &m.actions[i], choice: func(label string, _ int) int {
			if label == "shape" {
				return script.shape
			}
			return 0
		}}
		for _, target := range m.candidates(d.action.on, false) {
			if root := m.known.root(target); d.action.sensible(root) && (!script.several || len(root.Regions) > 0) {
				d.target, d.root = target, root
				break
			}
		}
		if d.target.Kind == d.action.on && !m.full(d.action) {
			calls = append(calls, d.call())
		}
	}
	return calls
}

// call writes the request down.
func (d *draft) call() *Call {
	op := d.action.op
	wrongTwin := false
	if twin, ok := d.m.twin(op); ok {
		wrongTwin = d.rarely("wrong twin")
		if len(d.root.Regions) > 0 != wrongTwin {
			op = twin
		}
	}
	for r := d.target; d.region == 0 && r.Kind != ""; r = d.m.known[r.Parent] {
		d.region = r.Region
	}
	if n := len(d.root.Regions); d.region == 0 && n > 0 {
		d.region = d.root.Regions[d.pick("region", n)].ID
	}
	c := &Call{
		action: d.action, Target: d.target.Ref, Operation: op, Gone: d.m.namesGone(d.target),
	}
	spec := d.m.operations[op]
	c.Method, c.Path = spec.Method, spec.Path
	for _, name := range spec.PathParams() {
		c.Path = strings.Replace(c.Path, "{"+name+"}", d.parameter(name), 1)
	}
	if d.action.body != nil {
		c.Body = d.action.body(d)
	}
	if d.action.query != nil {
		c.Path += "?" + d.action.query(d)
	}
	c.dry, c.region, c.Token, c.again = d.dry, d.region, d.token, d.again
	c.sure = !wrongTwin && d.action.ends && d.m.removable(d.target)
	if d.action.answers != nil {
		c.sure, c.expects = false, d.action.answers(d)
		return c
	}
	body, ok := c.Body.(object)
	if ok && !strings.Contains(op, "DataIntegration") && d.rarely("malformed") && d.rarely("indeed") {
		body["noSuchMember"], c.malformed = true, true
	}
	return c
}

// removable reports whether a resource must let itself be deleted: everything is at rest, and nothing keeps it.
func (m *Model) removable(r Resource) bool {
	root := m.known.root(r)
	k := m.kinds[r.Kind]
	if r.Kind == "psc-endpoint" || root.Kind == "subscription" && root.Status != "active" ||
		m.isGone(r) || len(m.Unfinished()) > 0 {
		return false // one that is in use only goes after its script was read
	}
	for _, other := range m.known {
		if m.isGone(other) {
			continue
		}
		kept := other.Kind == k.keptBy && (other.Parent == r.Ref || slices.Contains(other.Uses, r.Ref))
		if kept || !m.kinds[other.Kind].settled(other.Status) {
			return false
		}
	}
	return true
}

// parameter is what a path parameter stands for.
func (d *draft) parameter(name string) string {
	for r := d.target; r.Kind != ""; r = d.m.known[r.Parent] {
		if d.m.kinds[r.Kind].param != name {
			continue
		}
		if alias, ok := d.m.aliases[r.Ref]; ok {
			return alias
		}
		return fmt.Sprint(r.ID)
	}
	switch name {
	case "project_id":
		return d.m.Project
	case "database_name":
		return "MySQL"
	case "regionId":
		return fmt.Sprint(d.region)
	case "tgwInvitationId":
		return d.one("invitation", "101", "101", "101", "102")
	case "userId":
		return d.one("user", "90002", "90003", "90004", "90001", "7")
	case "tagKey":
		return d.one("tag", "team", "cost")
	case "path":
		return d.one("document", "a", "b", "a/c")
	case "planId":
		return d.one("plan", "34858", "7")
	default:
		return "1"
	}
}

// candidates lists what is known of a kind, oldest first: what is there, or what is gone.
func (m *Model) candidates(kind string, goneOnes bool) (list []Resource) {
	if m.kinds[kind].always {
		return []Resource{{Ref: Ref{kind, 1}}}
	}
	for _, ref := range m.order {
		if ref.Kind == kind && m.isGone(m.known[ref]) == goneOnes {
			list = append(list, m.known[ref])
		}
	}
	return list
}

func (m *Model) isGone(r Resource) bool { return r.Status == gone }

// namesGone reports whether a path names something that is gone. What has no number of its own may be there again.
func (m *Model) namesGone(r Resource) bool {
	for r.Parent.Kind != "" && m.kinds[r.Kind].param == "" {
		r = m.known[r.Parent]
	}
	return m.isGone(r)
}

// twin is the same operation for Active-Active subscriptions, where there is one.
func (m *Model) twin(op string) (string, bool) {
	i := slices.IndexFunc([]rune(op), func(r rune) bool { return r >= 'A' && r <= 'Z' })
	twin := op[:max(i, 0)] + "ActiveActive" + op[max(i, 0):]
	_, ok := m.operations[twin]
	return twin, ok
}

package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// Reader reads an account through the API.
type Reader struct {
	Send  func(method, path string, body any) apitest.Answer
	Await func(task string) apitest.Answer // the finished task; nil: reads that are tasks are left out
}

// View is what the lists of the API show.
type View struct {
	Resources []Resource // what has no id in the API has none here
	Items     map[Ref]any
	kinds     map[string]bool // that were read
}

// Read lists everything in the account. It also returns where an answer is not one of a list, or where a list and a
// single read differ: of everything, or of nothing.
func (m *Model) Read(api Reader, single bool) (v View, problems []string) {
	v = View{Items: map[Ref]any{}, kinds: map[string]bool{}}
	for _, k := range m.ordered {
		if k.list == "" || m.operations[k.list].Command != "" && api.Await == nil {
			continue
		}
		v.kinds[k.name] = true
		for _, location := range m.locations(&v, k) {
			found, wrong := m.list(api, k, location, &v)
			v.Resources = append(v.Resources, found...)
			problems = append(problems, wrong...)
			for _, r := range found {
				if single && k.get != "" {
					problems = append(problems, m.readOne(api, k, r, v.Items[r.Ref])...)
				}
			}
		}
		if k.name == "subscription" {
			problems = append(problems, m.readRegions(api, &v)...)
		}
	}
	return v, problems
}

// location is where a list is asked for: a parent, and a region of it.
type location struct {
	parent Resource
	region int64
	twin   bool
}

// locations lists where resources of a kind may be.
func (m *Model) locations(v *View, k kind) (list []location) {
	if k.parent == "" {
		return []location{{}}
	}
	for _, parent := range v.Resources {
		root := v.root(parent)
		if parent.Kind != k.parent || k.provider != "" && root.Provider != k.provider {
			continue
		}
		twin, ok := m.twin(k.list)
		switch {
		case !ok || len(root.Regions) == 0:
			list = append(list, location{parent: parent})
		case !slices.Contains(m.operations[twin].PathParams(), "regionId"):
			list = append(list, location{parent: parent, twin: true})
		case parent.Region != 0:
			list = append(list, location{parent, parent.Region, true})
		default:
			for _, region := range root.Regions {
				list = append(list, location{parent, region.ID, true})
			}
		}
	}
	return list
}

func (v *View) root(r Resource) Resource {
	for r.Parent != (Ref{}) {
		r = v.up(r)
	}
	return r
}

// up is the resource that another one is below.
func (v *View) up(r Resource) Resource {
	i := slices.IndexFunc(v.Resources, func(p Resource) bool { return p.Ref == r.Parent })
	if i < 0 {
		return Resource{}
	}
	return v.Resources[i]
}

// ask sends a read about a resource, and waits for its task.
func (m *Model) ask(api Reader, op string, about Resource, region int64, up func(Resource) Resource) apitest.Answer {
	spec := m.operations[op]
	path := strings.Replace(spec.Path, "{project_id}", m.Project, 1)
	for r := about; r.Kind != ""; r = up(r) {
		if param := m.kinds[r.Kind].param; param != "" {
			path = strings.Replace(path, "{"+param+"}", fmt.Sprint(r.ID), 1)
		}
	}
	path = strings.Replace(path, "{regionId}", fmt.Sprint(region), 1)
	answer := api.Send(spec.Method, path, nil)
	if task := text(answer.Get("taskId")); task != "" && spec.Command != "" {
		return api.Await(task)
	}
	return answer
}

// paged reads a list page by page, of so many items each; 0: at once.
func paged(api Reader, size int, path string, read func(Reader) apitest.Answer) (items []any, problems []string) {
	for {
		page := api
		if size > 0 {
			page.Send = func(method, path string, body any) apitest.Answer {
				return api.Send(method, fmt.Sprintf("%s?offset=%d&limit=%d", path, len(items), size), body)
			}
		}
		answer := read(page)
		if answer.Status != http.StatusOK && answer.Status != http.StatusNotFound {
			return nil, []string{fmt.Sprintf("a list is answered with %d %s", answer.Status, answer.Body)}
		}
		found := listAt(answer.Get(), path)
		items = append(items, found...)
		if size == 0 || len(found) < size {
			return items, nil
		}
	}
}

// list reads the resources of a kind at one place.
func (m *Model) list(api Reader, k kind, at location, v *View) (found []Resource, problems []string) {
	op := k.list
	if at.twin {
		op, _ = m.twin(op)
	}
	items, problems := paged(api, k.pages, either(k.items, at.twin), func(api Reader) apitest.Answer {
		return m.ask(api, op, at.parent, at.region, v.up)
	})
	for _, item := range items {
		r := Resource{Parent: at.parent.Ref, Region: at.region, Name: textAt(item, "name")}
		r.Kind, r.Status = k.name, k.state(textAt(item, "status"))
		if id := either(k.id, at.twin); id != "" {
			r.ID, r.UID = idAt(item, id), textAt(item, id)
		} else { // what has none in the API gets one that nothing else has
			r.ID, r.Name = -int64(len(v.Resources)+len(found)+1), textAt(item, "shareName")+textAt(item, "principal")
		}
		if dig(item, "isDefault") == true || k.name == "cloud account" && r.ID == 1 || r.Status == "" {
			continue // there from the start, or not there
		}
		if k.name == "subscription" {
			r.Provider = textAt(item, "cloudDetails.0.provider")
			r.Own = numberAt(item, "cloudDetails.0.cloudAccountId") > 1
		}
		v.Items[r.Ref] = item
		found = append(found, r)
	}
	return found, problems
}

// readRegions finds out where Active-Active subscriptions are.
func (m *Model) readRegions(api Reader, v *View) (problems []string) {
	for i, r := range v.Resources {
		if r.Kind != "subscription" || textAt(v.Items[r.Ref], "deploymentType") != "active-active" {
			continue
		}
		answer := m.ask(api, "listActiveActiveRegions", r, 0, v.up)
		if answer.Status != http.StatusOK {
			problems = append(problems, fmt.Sprintf("the regions of %v: got %d %s", r.Ref, answer.Status, answer.Body))
		}
		for _, region := range listAt(answer.Get(), "regions") {
			at := Region{numberAt(region, "regionId"), textAt(region, "region")}
			v.Resources[i].Regions = append(v.Resources[i].Regions, at)
			if n := len(listAt(region, "databases")); n != int(numberAt(v.Items[r.Ref], "numberOfDatabases")) {
				problems = append(problems, fmt.Sprintf("%v has %d databases in %s, and %v in all",
					r.Ref, n, textAt(region, "region"), dig(v.Items[r.Ref], "numberOfDatabases")))
			}
		}
	}
	return problems
}

// readOne returns where a read of one resource shows something else than the list.
func (m *Model) readOne(api Reader, k kind, r Resource, item any) (problems []string) {
	answer := m.ask(api, k.get, r, r.Region, func(r Resource) Resource { return Resource{Ref: r.Parent} })
	members, _ := item.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if got := answer.Get(name); name != "links" && !contains(got, members[name]) {
			problems = append(problems, fmt.Sprintf("%v: %s is %v when it is read alone, and %v in the list",
				r.Ref, name, got, members[name]))
		}
	}
	return problems
}

// contains reports whether a value has everything that another one has; objects may have more.
func contains(whole, part any) bool {
	switch part := part.(type) {
	case map[string]any:
		members, ok := whole.(map[string]any)
		for name, value := range part {
			ok = ok && (name == "links" || contains(members[name], value))
		}
		return ok
	case []any:
		list, ok := whole.([]any)
		ok = ok && len(list) == len(part)
		for i := range part {
			ok = ok && contains(list[i], part[i])
		}
		return ok
	default:
		return reflect.DeepEqual(whole, part)
	}
}

// key is what is the same for a resource in the API and in the store.
func (m *Model) key(r, parent, root Resource) string {
	if m.kinds[r.Kind].id == "" {
		return fmt.Sprintf("%s %q of %v in %d", r.Kind, r.Name, root.Ref, max(r.Region, parent.Region))
	}
	return r.String()
}

// Compare returns where the API shows something else than there is.
func (m *Model) Compare(v View, now Snapshot) (problems []string) {
	shown, there := map[string]string{}, map[string]string{}
	for _, r := range v.Resources {
		if r.Kind == "transit-gateway" {
			r.Status = "accepted" // a gateway shows the status of its attachment instead of its own
		}
		shown[m.key(r, v.up(r), v.root(r))] = r.Status
	}
	now = m.foreseen(now)
	for _, r := range now.sorted() {
		k := m.kinds[r.Kind]
		if v.kinds[r.Kind] && !slices.Contains(strings.Fields(k.hidden), r.Status) && (!k.early || !now[r.Parent].New) {
			there[m.key(r, now[r.Parent], now.root(r))] = k.shown(r.Status)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(there)) {
		if shown[key] != there[key] {
			problems = append(problems, fmt.Sprintf("%s is %q, and shown as %q", key, there[key], shown[key]))
		}
		delete(shown, key)
	}
	for _, key := range slices.Sorted(maps.Keys(shown)) {
		problems = append(problems, fmt.Sprintf("%s is shown as %q, and is not there", key, shown[key]))
	}
	for _, r := range now.sorted() {
		if r.Kind != "subscription" && r.Kind != "essentials-subscription" || v.Items[r.Ref] == nil {
			continue
		}
		n := 0
		for _, child := range now {
			k := m.kinds[child.Kind]
			if child.Parent == r.Ref && strings.HasSuffix(child.Kind, "database") &&
				!k.leaving(child.Status) && (!k.early || !r.New) {
				n++
			}
		}
		if shown, ok := dig(v.Items[r.Ref], "numberOfDatabases").(float64); ok && int(shown) != n {
			problems = append(problems, fmt.Sprintf("%v has %d databases, and shows %v", r.Ref, n, shown))
		}
	}
	return problems
}

// Written returns what was written and does not show where it is read.
func (m *Model) Written(api Reader, v View, now Snapshot) (problems []string) {
	type read struct {
		ref Ref
		op  string
	}
	answers := map[read]any{}
	byPlace := func(a, b written) int {
		return cmp.Or(
			cmp.Compare(a.ref.Kind, b.ref.Kind), cmp.Compare(a.ref.ID, b.ref.ID),
			cmp.Compare(a.read, b.read), cmp.Compare(a.path, b.path),
		)
	}
	// A read may step the clock: the order must not change.
	for _, w := range slices.SortedFunc(maps.Keys(m.written), byPlace) {
		want := m.written[w]
		r, there := now[w.ref]
		if !there || m.kinds[r.Kind].leaving(r.Status) {
			delete(m.written, w)
			continue
		}
		if m.operations[w.read].Command != "" && api.Await == nil {
			continue
		}
		from := read{w.ref, w.read}
		if _, read := answers[from]; !read && w.read == m.kinds[r.Kind].list {
			answers[from] = v.Items[r.Ref]
		} else if !read {
			answer := m.ask(api, w.read, r, r.Region, func(r Resource) Resource { return now[r.Parent] })
			if answers[from] = answer.Get(); answer.Status == http.StatusNotFound {
				answers[from] = nil
			}
		}
		if answers[from] == nil {
			continue // there is nothing to show yet
		}
		if got := dig(answers[from], w.path); !contains(got, want) {
			text, _ := json.Marshal(want)
			problems = append(problems, fmt.Sprintf("%v: %s by %s is %v, and %s was written", w.ref, w.path, w.read, got, text))
		}
	}
	slices.Sort(problems)
	return problems
}

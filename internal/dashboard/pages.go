package dashboard

// pages are all pages, in the order of the menu. Those without an entry there are reached from others.
func pages() []*page {
	return []*page{
		{name: "overview", path: "/{$}", title: "Overview", load: loadOverview},
		{name: "tasks", path: "/tasks", title: "Tasks", load: loadTasks},
		{name: "task", path: "/tasks/{task}", title: "Task", load: loadTask},
		{name: "resources", path: "/resources", title: "Resources", load: loadResources},
		{name: "resource", path: "/resources/{kind}/{id}", title: "Resource", load: loadResource},
		{name: "requests", path: "/requests", title: "Requests", load: loadRequests},
		{name: "request", path: "/requests/{entry}", title: "Request", load: loadRequest},
		{name: "faults", path: "/faults", title: "Faults", load: loadFaults},
		{name: "clock", path: "/clock", title: "Clock", load: loadClock},
		{name: "accounts", path: "/accounts", title: "Accounts and keys", load: loadAccounts},
		{name: "snapshots", path: "/snapshots", title: "Snapshots", load: loadSnapshots},
		{name: "coverage", path: "/coverage", title: "Coverage", load: loadCoverage},
		{name: "reference", path: "/reference", title: "API reference", load: loadReference},
		{name: "operation", path: "/reference/{operation}", title: "Operation", load: loadOperation},
	}
}

// perAccount are the pages about one account, whether or not one is said.
var perAccount = map[string]bool{
	"tasks": true, "task": true, "resources": true, "resource": true, "clock": true,
}

// entry is one of the menu.
type entry struct{ Page, Path, Title string }

// menu is what all pages lead to.
var menu = []entry{
	{"overview", "/", "Overview"},
	{"tasks", "/tasks", "Tasks"},
	{"resources", "/resources", "Resources"},
	{"requests", "/requests", "Requests"},
	{"faults", "/faults", "Faults"},
	{"clock", "/clock", "Clock"},
	{"accounts", "/accounts", "Accounts, keys"},
	{"snapshots", "/snapshots", "Snapshots"},
	{"coverage", "/coverage", "Coverage"},
	{"reference", "/reference", "API reference"},
}

// chapter is the entry of the menu that a page belongs to.
var chapter = map[string]string{
	"task": "tasks", "resource": "resources", "request": "requests", "operation": "reference",
}

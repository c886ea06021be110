package dashboard

// pages are all pages, in the order of the menu. Those without an entry there are reached from others.
func pages() []*page {
	return []*page{
		{name: "overview", path: "/{$}", title: "Overview", load: loadOverview},
		{name: "tasks", path: "/tasks", title: "Tasks", load: loadTasks},
		{name: "task", path: "/tasks/{task}", title: "Task", load: loadTask},
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
}

// chapter is the entry of the menu that a page belongs to.
var chapter = map[string]string{
	"task": "tasks", "resource": "resources", "request": "requests", "operation": "reference",
}

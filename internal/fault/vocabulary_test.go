package fault

import "testing"

func TestPathsThatMeetAPattern(t *testing.T) {
	t.Parallel()
	v := Vocabulary{Operations: []Operation{
		{Path: "/boxes"}, {Path: "/boxes/{boxId}/lids/{lidId}"}, {Path: "/tasks/{taskId}"},
	}}
	for pattern, want := range map[string]bool{
		"/boxes": true, "/BOXES": true, "/box": false, "/boxes/": false, "/boxe*": true, "*": true, "": false,
		"/boxes/7/lids/8": true, "/boxes/*/lids/*": true, "/boxes/7/lids": false, "/boxes/7/*": true, "*/lids/9": true,
		"/boxes/7/8/lids/9": false, "*/lids/": false, "/tasks/*": true, "/tasks/a-*-b": true, "/task/*": false,
		"*{*": true, "/tasks//": false,
	} {
		if got := v.hasPath(pattern); got != want {
			t.Errorf("%q meets a path: %t, want %t", pattern, got, want)
		}
	}
}

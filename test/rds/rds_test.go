package rds

import (
	"fmt"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// What is right at one speed may be wrong at another. At each the stories share one server; each has a project of its
// own.
func TestOfficialSDK(t *testing.T) {
	t.Parallel()
	stories := []struct {
		name string
		tell func(*project)
	}{
		{"life of a single instance", singleLife},
		{"life of a primary and its standby", highlyAvailableLife},
		{"instance of defaults", defaults},
		{"request sent again", sentAgain},
		{"request sent again after the deletion", sentAgainAfterDeletion},
		{"token of something else", otherParameters},
		{"token that is none", badToken},
		{"token of a refused request", refusedUnderToken},
		{"lost answers", lostAnswers},
		{"lost answer without a token", lostAnswerWithoutToken},
		{"token with every request", tokenWithEveryRequest},
		{"same request after a bad gateway", badGateway},
		{"filters of the list", filters},
		{"pages of the list", pages},
		{"list of tasks", tasks},
		{"engines, flavors and storage types", offers},
		{"refused creations", refusedCreations},
		{"what is not offered", notOffered},
		{"refused requests", refusedRequests},
		{"bodies that are none", badBodies},
		{"broken server", brokenServer},
		{"failed jobs", failedJobs},
		{"what is not built", notBuilt},
		{"things that do not exist", notFound},
		{"several projects", severalProjects},
		{"tokens instead of signatures", authTokens},
	}
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			s := start(t, "--speed", fmt.Sprint(speed.Factor), "--task-hold", speed.Hold.String())
			for _, story := range stories {
				t.Run(story.name, func(t *testing.T) {
					t.Parallel()
					p := found(t, s)
					if speed.Stepped {
						p.freeze()
					}
					story.tell(p)
				})
			}
		})
	}
}

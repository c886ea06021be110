package terraform

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// story is something that people do with terraform, from the creation to the end.
type story struct {
	name   string
	steps  func(*testing.T, *servetest.Server, *command)
	family bool // whether it stands for a family of resources where there is no time for all stories
}

// stories have every resource and every data source of the provider between them.
func stories() []story {
	return []story{
		{"a subscription and a database through their whole life", wholeLife, true},
		{"another module at the same time", anotherModule, false},
		{"connections to other networks", connections, true},
		{"Active-Active", activeActive, true},
		{"connections of regions to other networks", connectionsOfRegions, false},
		{"an Essentials subscription and its database", essentials, true},
		{"a free Essentials subscription", essentialsFree, false},
		{"a rule, a role and a user", accessControl, true},
		{"a subscription in a cloud account of one's own", ownCloudAccount, true},
		{"data sources", dataSources, false},
		{"data source without a match", noMatch, false},
	}
}

// The official provider, unchanged, with the waits it has.
func TestOfficialProvider(t *testing.T) {
	t.Parallel()
	terraform := newCommand(t, programs.Terraform, official)
	server := servetest.Start(t, servetest.Options{})
	for _, story := range stories() {
		if story.family {
			story.run(t, server, terraform)
		}
	}
}

// The other command line that people use.
func TestOpenTofu(t *testing.T) {
	t.Parallel()
	server := servetest.Start(t, servetest.Options{})
	wholeLife(t, server, newCommand(t, programs.OpenTofu, official))
}

// What is right at one speed may be wrong at another, and what is right for a client that looks twice a minute may be
// wrong for one that looks three times a second. At each speed the stories have every resource and every data source.
func TestEverySpeed(t *testing.T) {
	t.Parallel()
	offered := newCommand(t, programs.Terraform, fast).offered(t)
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommand(t, programs.Terraform, fast)
			terraform.kinds.wantAll(t, offered)
			server := speed.Start(t, servetest.Options{})
			for _, story := range stories() {
				story.run(t, server, terraform)
			}
		})
	}
}

// run runs a story beside the others: they share one server and one account, as the modules of several teams would.
func (s story) run(t *testing.T, server *servetest.Server, terraform *command) {
	t.Run(s.name, func(t *testing.T) {
		t.Parallel()
		s.steps(t, server, terraform)
	})
}

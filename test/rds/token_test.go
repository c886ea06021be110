package rds

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

func sentAgain(p *project) {
	token := uuid.NewString()
	first := p.mustCreate(token, order("orders"))
	for range 3 {
		if again := p.mustCreate(token, order("orders")); again != first {
			p.Errorf("got %v, want %v again", again, first)
		}
	}
	p.done(first.job)
	if again := p.mustCreate(token, order("orders")); again != first {
		p.Errorf("when it was made: got %v, want %v again", again, first)
	}
	p.wantOnly(first)
	if other := p.mustCreate(uuid.NewString(), order("orders")); other == first {
		p.Errorf("another token got %v, too", other)
	}
}

// sentAgainAfterDeletion: a success is answered again also when what was made is gone, and nothing is made anew.
func sentAgainAfterDeletion(p *project) {
	token := uuid.NewString()
	first := p.mustCreate(token, order("orders"))
	p.done(first.job)
	p.remove(first.instance)
	if again := p.mustCreate(token, order("orders")); again != first {
		p.Errorf("got %v, want %v again", again, first)
	}
	if instances, total := p.list(model.ListInstancesRequest{}); total != 0 {
		p.Errorf("got %v, want none", instances)
	}
	p.done(first.job) // as it was
}

func otherParameters(p *project) {
	token := uuid.NewString()
	first := p.mustCreate(token, order("orders"))
	other := order("orders")
	other.Volume.Size = 50
	_, err := p.create(token, other)
	p.refused(err, http.StatusBadRequest, "DBS.280495")
	if again := p.mustCreate(token, order("orders")); again != first {
		p.Errorf("got %v, want %v as before", again, first)
	}
	p.done(first.job)
	p.wantOnly(first)
}

func badToken(p *project) {
	for _, token := range []string{
		"46436810d999454cbd85e515fd258600",                                // no hyphens
		strings.ToUpper("46436810-d999-454c-bd85-e515fd258600"),           // upper case
		"46436810-d999-454c-bd85-e515fd25860",                             // too short
		"46436810-d999-454c-bd85-e515fd2586000",                           // too long
		"46436810-d999-454c-bd85-e515fd25860g",                            // no digit
		"{46436810-d999-454c-bd85-e515fd258600}",                          // braces
		"46436810-d999-454c-bd85-e515fd258600,46436810-d999-454c-bd85-e5", // two
		"token",
	} {
		_, err := p.create(token, order("orders"))
		p.refused(err, http.StatusBadRequest, "DBS.280497")
	}
	if instances, total := p.list(model.ListInstancesRequest{}); total != 0 {
		p.Errorf("got %v, want none", instances)
	}
}

// refusedUnderToken: a refusal is answered again; who corrects the request needs another token.
func refusedUnderToken(p *project) {
	token := uuid.NewString()
	for range 2 {
		_, err := p.create(token, order("1st"))
		p.refused(err, http.StatusBadRequest, "DBS.200021")
	}
	_, err := p.create(token, order("first"))
	p.refused(err, http.StatusBadRequest, "DBS.280495")
	p.done(p.mustCreate(uuid.NewString(), order("first")).job)
}

// expiry: a token is good for eight hours, and then refused until 72 hours are over, so that a late attempt makes
// nothing.
func expiry(p *project) {
	token := uuid.NewString()
	first := p.mustCreate(token, order("orders"))
	advance := func(d string) { p.server.command(p.T, "clock", "advance", d, "--account", p.id) }
	advance("7h59m59s")
	if again := p.mustCreate(token, order("orders")); again != first {
		p.Errorf("within eight hours: got %v, want %v again", again, first)
	}
	advance("1s")
	expired := func(when string) {
		p.Helper()
		for _, size := range []int32{40, 50} { // whatever is asked for
			body := order("orders")
			body.Volume.Size = size
			if _, err := p.create(token, body); !p.refused(err, http.StatusBadRequest, "DBS.280498") {
				p.Error(when)
			}
		}
	}
	expired("after eight hours")
	advance("63h59m59s")
	expired("just before 72 hours")
	p.wantOnly(first)
	advance("1s")
	second := p.mustCreate(token, order("orders"))
	if second.instance == first.instance || second.job == first.job {
		p.Errorf("after 72 hours: got %v, want another one than %v", second, first)
	}
	p.done(second.job)
	if _, total := p.list(model.ListInstancesRequest{}); total != 2 {
		p.Errorf("there are %d instances, want 2", total)
	}
	p.pass(time.Hour)
	if again := p.mustCreate(token, order("orders")); again != second {
		p.Errorf("got %v, want %v again", again, second)
	}
}

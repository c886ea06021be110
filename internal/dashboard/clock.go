package dashboard

import (
	"context"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// clockPage is the page of an account's clock.
type clockPage struct {
	Clock     sandbox.Clock
	Durations sandbox.Durations
	Own       []sandbox.Duration // lengths that are not the usual ones
}

func loadClock(h *Handler, q *query) (any, error) {
	p := &clockPage{}
	var err error
	if p.Clock, err = h.Service.Clock(q.ctx(), q.ref()); err != nil {
		return nil, err
	}
	if p.Durations, err = h.Service.Durations(q.ctx(), q.ref()); err != nil {
		return nil, err
	}
	for _, d := range p.Durations.Lengths {
		if d.Own != "" {
			p.Own = append(p.Own, d)
		}
	}
	return p, nil
}

func setClock(ctx context.Context, o order) (any, error) {
	to := sandbox.ClockSetting{Mode: sandbox.ClockMode(o.get("mode"))}
	if to.Mode == sandbox.ClockScaled {
		rate, err := strconv.ParseFloat(o.get("rate"), 64)
		if err != nil {
			return nil, cloud.Errorf("INVALID_CLOCK", "%q is no speed, like 60.", o.get("rate"))
		}
		to.Rate = rate
	}
	if at := o.get("at"); at != "" {
		t, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return nil, cloud.Errorf("INVALID_CLOCK", "%q is no time like 2026-03-02T10:15:30Z.", at)
		}
		to.At = &t
	}
	_, err := o.service.SetClock(ctx, o.account, to)
	return nil, err
}

func advance(ctx context.Context, o order) (any, error) {
	to := sandbox.Advance{
		By: o.get("by"), Task: o.get("task"), Resource: o.get("resource"), Status: o.get("status"), Idle: o.get("idle") != "",
	}
	if text := o.get("events"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, cloud.Errorf("INVALID_ADVANCE", "%q is no number of events.", text)
		}
		to.Events = n
	}
	passed, err := o.service.Advance(ctx, o.account, to)
	if err != nil || o.get("tell") == "" {
		return nil, err
	}
	return passed, nil
}

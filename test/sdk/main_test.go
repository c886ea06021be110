package sdk

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"

	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// wire is what all clients of these tests send their requests through: TestMain and the tests have no other place in
// common.
var wire = sync.OnceValues(func() (*recordedWire, error) {
	recorder, err := coverage.New()
	return &recordedWire{recorder: recorder, methods: map[string]bool{}}, err
})

// TestMain holds the suite to its promise: every method of every service of the SDK has succeeded at least once, and
// so have the operations on its list.
func TestMain(m *testing.M) {
	pgtest.Main(m, func() error {
		w, err := wire()
		if err != nil || !coverage.Whole() {
			return err
		}
		return errors.Join(w.recorder.Check("testdata/operations.txt"), w.checkMethods())
	})
}

// recordedWire holds every answer against the contract, and remembers which methods of the SDK succeeded.
type recordedWire struct {
	recorder *coverage.Recorder

	mu      sync.Mutex
	methods map[string]bool // by the names they have on the stack
}

// testWire is the wire of one test.
type testWire struct {
	*recordedWire
	test string
}

// RoundTrip sends one request of the SDK.
func (w testWire) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	finished, err := w.recorder.Note(w.test, res)
	if err != nil {
		return nil, err // fails the story that asked
	}
	if finished != "" {
		w.succeeded()
	}
	return res, nil
}

// succeeded remembers the methods of the SDK that are being carried out: they send their requests themselves.
func (w *recordedWire) succeeded() {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(2, callers)])
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		frame, more := frames.Next()
		if strings.HasPrefix(frame.Function, "github.com/RedisLabs/rediscloud-go-api/service/") {
			w.methods[stackName(frame.Function)] = true
		}
		if !more {
			return
		}
	}
}

// stackName makes the same of github.com/…/service/psc.(*API).Get and …/service/psc.API.Get: a method is one,
// whatever its receiver is.
func stackName(function string) string {
	return strings.NewReplacer("(*", "", ")", "").Replace(function)
}

// checkMethods names the methods of the SDK's client that have not succeeded.
func (w *recordedWire) checkMethods() error {
	missing, methods := map[string]bool{}, 0
	for service := range reflect.TypeFor[rediscloud.Client]().Fields() {
		for method := range service.Type.Methods() {
			methods++
			if !w.methods[onStack(service.Type.Elem(), method)] {
				missing[service.Name+"."+method.Name] = true
			}
		}
	}
	if methods == 0 {
		return errors.New("the SDK's client has no service whose methods could be looked through")
	}
	if len(missing) > 0 {
		return fmt.Errorf("no test has these methods of the SDK succeed:\n%s",
			strings.Join(slices.Sorted(maps.Keys(missing)), "\n"))
	}
	return nil
}

// onStack is the name by which a method of a service is found on the stack. Lists are read page by page: the request
// is sent by the first Next of what the method returns.
func onStack(service reflect.Type, method reflect.Method) string {
	if out := method.Type.Out(0); out.Kind() == reflect.Pointer {
		if _, pages := out.MethodByName("Next"); pages {
			return out.Elem().PkgPath() + "." + out.Elem().Name() + ".Next"
		}
	}
	return service.PkgPath() + "." + service.Name() + "." + method.Name
}

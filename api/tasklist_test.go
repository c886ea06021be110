package api_test

import (
	"bytes"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// listing are the tasks of an account; the text of each is its command.
func listing(tasks []store.Listed) api.TaskList {
	return api.TaskList{
		Before: `{"tasks":[`, Tasks: tasks, After: `],"links":[{"rel":"self"},{}]}`,
		Append: func(dst []byte, t *cloud.Task) ([]byte, error) { return append(dst, t.Command...), nil },
	}
}

// A list of texts that are known is what it would be if nothing were, to the byte, whatever becomes of its tasks, in
// whatever order they are, and however little room there is.
func TestAListOfTextsIsAsIfItWereNew(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.SampledFrom([]int64{4 << 10, 64 << 10, 1 << 20}).Draw(t, "room")
		room := cache.NewRoom(most)
		texts := api.NewTexts(room)
		var is []store.Listed
		deep := func(levels int) string { return strings.Repeat(`{"a":`, levels) + "[]" + strings.Repeat("}", levels) }
		command := rapid.SampledFrom([]string{
			`{}`, `{"a":[1,{"b":"x, y"}],"c":{}}`, `{"text":"{\"b\":[1,2]}\\"}`, `{"é":"\u2028"}`,
			deep(3), deep(150), deep(400),
		})
		statuses := rapid.SampledFrom([]cloud.TaskStatus{
			cloud.TaskDone, cloud.TaskFailed, cloud.TaskReceived, cloud.TaskRunning,
		})
		change := func(seq int64) store.Listed {
			return store.Listed{Version: store.Version{ID: uuid.New()}, Seq: seq, Task: &cloud.Task{
				Command: command.Draw(t, "command"), Status: statuses.Draw(t, "status"),
			}}
		}
		last := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"more": func(t *rapid.T) {
				for range rapid.IntRange(1, 8).Draw(t, "tasks") {
					last += rapid.SampledFrom([]int64{1, 5, 70}).Draw(t, "gap")
					is = append(is, change(last))
				}
			},
			"change": func(t *rapid.T) {
				if len(is) > 0 {
					i := rapid.IntRange(0, len(is)-1).Draw(t, "of")
					is[i] = change(is[i].Seq)
				}
			},
			"fewer": func(t *rapid.T) { is = is[rapid.IntRange(0, len(is)).Draw(t, "tasks"):] },
			"order": func(t *rapid.T) { is = rapid.Permutation(is).Draw(t, "tasks") },
			"": func(t *rapid.T) {
				if len(is) == 0 {
					return
				}
				known := api.Knowing(texts, 1)
				upto := known.Upto()
				tasks := slices.Clone(is)
				for i, one := range tasks {
					if one.Seq <= upto && known.Has(one) {
						tasks[i].Task = nil
					}
				}
				compact, laidOut, size, plain := listing(tasks).List(known)
				want, err := listing(is).JSON()
				if err != nil {
					t.Fatal(err)
				}
				wantOut, ok := api.Pretty(nil, want)
				if plain {
					for _, one := range is {
						_, fits := api.Pretty(nil, []byte(`{"tasks":[`+one.Task.Command+`]}`))
						ok = ok && fits
					}
					if ok {
						t.Error("a list that is laid out is not made of texts")
					}
					return
				}
				if !ok || !bytes.Equal(compact, want) || !bytes.Equal(laidOut, wantOut) || size != len(want) {
					t.Errorf("got %d: %s\n%s\nwant %d, laid out %t: %s\n%s", size, compact, laidOut, len(want), ok, want, wantOut)
				}
				if got := room.Bytes(); got > most {
					t.Errorf("%d bytes are kept, more than %d", got, most)
				}
			},
		})
	})
}

// Texts take what they say of the room, also as the runtime counts it: with that of the whole process, which is why
// this is not parallel to others.
func TestTextsHaveABound(t *testing.T) {
	const most = 8 << 20
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	room := cache.NewRoom(most)
	texts := api.NewTexts(room)
	command := `{"text":"` + strings.Repeat("x", 300) + `"}`
	for account := range int64(100) {
		var tasks []store.Listed
		for seq := range 1 + account*10 {
			tasks = append(tasks, store.Listed{
				Version: store.Version{ID: uuid.New()}, Seq: seq, Task: &cloud.Task{Command: command},
			})
		}
		listing(tasks).List(api.Knowing(texts, account))
		if got := room.Bytes(); got > most {
			t.Fatalf("%d bytes are kept, more than %d", got, most)
		}
	}
	if grown := heap() - before; room.Bytes() < most*9/10 || grown > most*5/4 {
		t.Errorf("%d bytes are kept, which take %d", room.Bytes(), grown)
	}
	runtime.KeepAlive(texts)
}

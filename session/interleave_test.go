package session_test

import (
	"context"
	"fmt"
	"math/rand"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sessctl/sessctl/codec"
	"github.com/sessctl/sessctl/session"
)

// TestInterleavings runs the requests of a page beside each other, in some of the orders
// that their steps at the stores can have: in each nobody is logged out, nothing that was
// acknowledged is lost, of a session there is one, and what has ended stays ended.
func TestInterleavings(t *testing.T) {
	const runs = 300
	for _, places := range []string{"store", "store to store", "within a store", "store to cookies", rolling} {
		for name, allow := range map[string]page{
			"changes":       {},
			"renewals":      {renew: true},
			"regenerations": {regenerate: true, users: places != "store to cookies" && places != rolling},
			"logouts":       {logout: true},
			"old service":   {old: places != "store" && places != rolling},
			"clients gone":  {cancel: true},
		} {
			t.Run(places+"/"+name, func(t *testing.T) {
				t.Parallel()
				for seed := range int64(runs) {
					v := newInterleaving(t, seed, places, allow)
					v.run()
					if v.check(); t.Failed() {
						t.Fatalf("seed %d:\n%s", seed, strings.Join(v.log, "\n"))
					}
				}
			})
		}
	}
}

// rolling is a deployment in which services of both kinds run.
const rolling = "store to store and back"

// page says what its requests may do beside reading, changing and saving.
type page struct{ renew, regenerate, users, logout, old, cancel bool }

type interleaving struct {
	t       *testing.T
	places  string
	rand    *rand.Rand
	page    page
	log     []string
	stores  []*session.Memory
	from, m *session.Manager
	jar     map[string]string // of the browser
	first   string            // what it held at first
	visits  []*asking
}

// asking is a request.
type asking struct {
	name       string
	does       string
	resume     chan struct{}
	parked     chan bool // false: it is done
	cancel     context.CancelFunc
	acked      string // the key that it has set
	loggedOut  bool
	failed     error // what OnError was told
	statusCode int
}

type askingKey struct{}

// store returns a store whose calls wait for their turn.
func (v *interleaving) store(name string, memory *session.Memory) session.Store {
	turn := func(ctx context.Context, op string) error {
		visit, ok := ctx.Value(askingKey{}).(*asking)
		if !ok {
			return nil
		}
		visit.parked <- true
		<-visit.resume
		if v.page.cancel && v.rand.Intn(6) == 0 {
			visit.cancel()
		}
		v.log = append(v.log, fmt.Sprintf("%s: %s of %s: %v", visit.name, op, name, ctx.Err()))
		return ctx.Err()
	}
	return &hooked{Memory: memory, before: turn}
}

func newInterleaving(t *testing.T, seed int64, places string, p page) *interleaving {
	v := &interleaving{t: t, places: places, rand: rand.New(rand.NewSource(seed)), page: p, jar: map[string]string{}}
	memory := session.NewMemory(session.MemoryConfig{})
	v.stores = []*session.Memory{memory}
	o := session.Options{OnError: func(r *http.Request, err error) {
		if visit, ok := r.Context().Value(askingKey{}).(*asking); ok {
			visit.failed = err
		}
	}}
	if places != "store" {
		v.from = serverSide(t, v.store("the old store", memory), session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, o)
		o.From = []*session.Manager{v.from}
	}
	if p.renew {
		o.RenewAfter = 1
	}
	switch places {
	case "store to cookies":
		signed, err := codec.NewStarlette(codec.StarletteConfig{Keys: keys("k"), Cookie: codec.Attributes{Insecure: true}})
		if err != nil {
			t.Fatal(err)
		}
		v.m = manager(t, signed, o)
	case "store to store", rolling:
		memory = session.NewMemory(session.MemoryConfig{})
		v.stores = append(v.stores, memory)
		fallthrough
	default:
		c := session.ServerConfig{}
		if p.users {
			c.Users = &session.UserIndex{Store: v.store("the index", session.NewMemory(session.MemoryConfig{})), Of: userOf}
		}
		v.m = serverSide(t, v.store("the store", memory), c, o)
		if places == rolling {
			o.From = []*session.Manager{v.m}
			v.from = serverSide(t, v.store("the old store", v.stores[0]), session.ServerConfig{Cookie: codec.Attributes{Name: "old"}}, o)
		}
	}
	start := v.m
	if v.from != nil {
		start = v.from
	}
	v.take(do(start, "", set(t, "user_id", 42)))
	v.first = v.cookies()
	return v
}

// take is what a browser does with a response.
func (v *interleaving) take(response *http.Response) {
	for _, c := range response.Cookies() {
		if v.jar[c.Name] = c.Value; c.Value == "null" || c.MaxAge < 0 {
			delete(v.jar, c.Name)
		}
	}
}

func (v *interleaving) cookies() string {
	var pairs []string
	for name, value := range v.jar {
		pairs = append(pairs, name+"="+value)
	}
	slices.Sort(pairs)
	return strings.Join(pairs, "; ")
}

// run gives the requests their turns, one step at a time.
func (v *interleaving) run() {
	does := []string{"read", "set", "save"}
	if v.page.regenerate {
		does = append(does, "regenerate")
	}
	if v.page.logout {
		does = append(does, "destroy")
	}
	for i := range 2 + v.rand.Intn(2) {
		visit := &asking{name: fmt.Sprintf("request%d", i), does: does[v.rand.Intn(len(does))], resume: make(chan struct{}), parked: make(chan bool)}
		m := v.m
		if (v.page.old && visit.does != "regenerate" || v.places == rolling) && v.rand.Intn(3) == 0 {
			m, visit.name = v.from, visit.name+" to the old service"
		}
		v.visits = append(v.visits, visit)
		go func() {
			<-visit.resume
			v.visit(m, visit)
			visit.parked <- false
		}()
	}
	for waiting := slices.Clone(v.visits); len(waiting) > 0; {
		i := v.rand.Intn(len(waiting))
		waiting[i].resume <- struct{}{}
		if !<-waiting[i].parked {
			waiting = slices.Delete(waiting, i, i+1)
		}
	}
}

// visit is one request, with the cookies that the browser has when it is sent, or had when
// it asked for the page.
func (v *interleaving) visit(m *session.Manager, visit *asking) {
	cookies := v.cookies()
	if v.rand.Intn(2) == 0 {
		cookies = v.first
	}
	v.log = append(v.log, visit.name+": "+visit.does)
	var ctx context.Context
	ctx, visit.cancel = context.WithCancel(context.WithValue(context.Background(), askingKey{}, visit))
	defer visit.cancel()
	response := doWith(ctx, m, cookies, func(w http.ResponseWriter, r *http.Request) {
		s, err := session.Load(r)
		if err != nil || !s.Has("user_id") {
			return
		}
		key := strings.Fields(visit.name)[0]
		switch visit.does {
		case "set":
			err, visit.acked = s.Set(key, 1), key
		case "save":
			if err = s.Set(key, 1); err == nil {
				err = s.Save(r.Context())
			}
			if visit.acked = key; err != nil {
				visit.failed, err = err, nil
			}
		case "regenerate":
			err = s.Regenerate()
		case "destroy":
			err, visit.loggedOut = s.Destroy(), true
		}
		if err != nil {
			v.t.Error(err)
		}
	})
	visit.statusCode = response.StatusCode
	v.log = append(v.log, fmt.Sprintf("%s: %d, %v, cookies %.40q", visit.name, response.StatusCode, visit.failed, response.Header["Set-Cookie"]))
	v.take(response)
}

// check looks at what is left.
func (v *interleaving) check() {
	var live []string
	for _, store := range v.stores {
		for e := range store.List(context.Background()) {
			data, _, err := store.Load(context.Background(), e.ID)
			if err == nil && strings.Contains(string(data), "user_id") {
				live = append(live, string(data))
			}
		}
	}
	loggedOut := false
	for _, visit := range v.visits {
		if !v.page.cancel && visit.statusCode != http.StatusOK {
			v.t.Errorf("%s: %d", visit.name, visit.statusCode)
		}
		loggedOut = loggedOut || visit.loggedOut
		if visit.loggedOut && visit.failed == nil && visit.statusCode == http.StatusOK && len(live) > 0 && (v.places == rolling || !strings.Contains(visit.name, "old")) {
			v.t.Errorf("%s has logged out, and there are %q", visit.name, live)
		}
	}
	if len(live) > 1 {
		v.t.Errorf("%d sessions: %q", len(live), live)
	}
	if loggedOut {
		return
	}
	text := ""
	v.take(do(v.m, v.cookies(), func(w http.ResponseWriter, r *http.Request) { text = load(v.t, r).Text() }))
	if !strings.Contains(text, "user_id") {
		v.t.Errorf("the browser is logged out: %s", text)
	}
	for _, visit := range v.visits {
		if len(live) == 1 && visit.acked != "" && visit.failed == nil && visit.statusCode == http.StatusOK && !strings.Contains(text, visit.acked) {
			v.t.Errorf("what %s has set is lost: %s", visit.name, text)
		}
	}
	if v.page.users {
		if n, err := v.m.RevokeUser(context.Background(), "42"); n != len(live) || err != nil {
			v.t.Errorf("RevokeUser: %d, %v; live were %q", n, err, live)
		}
	}
}

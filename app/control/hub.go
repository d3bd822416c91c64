package control

import (
	"context"
	"slices"
	"sync"
)

// DefaultHubBuffer is how many events a reader of a Hub may lag behind.
const DefaultHubBuffer = 1024

// Hub hands events to any number of readers and waits for none. The zero Hub is
// ready for use; its fields are set before the first call. All methods may be
// called at the same time.
//
// A reader that lags more than Buffer events loses queries and is told how many
// by one EventDropped in their place. Of status and settings it may lose older
// ones, never the latest.
type Hub struct {
	// Buffer is how many events a reader may lag, 0 means DefaultHubBuffer.
	Buffer int
	// Source, if set, runs in a goroutine of its own while there is at least
	// one reader; ctx ends with the last one. It calls Publish.
	Source func(ctx context.Context)

	mu   sync.Mutex
	subs map[*subscriber]struct{}
	stop context.CancelFunc
}

// subscriber is one reader. Its fields are guarded by the hub's mutex.
type subscriber struct {
	queue []Event
	limit int
	lost  uint64
	wake  chan struct{} // holds one token
}

// Publish hands e to all readers and never blocks. The values that e points to
// must not change afterwards. An EventDropped adds to what readers are told
// that they lost.
func (h *Hub) Publish(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		s.push(e)
		s.signal()
	}
}

// Subscribe delivers events until ctx ends and closes the channel then. The
// first is what snapshot returns; it is called without a lock, after events
// are already being kept, so no change falls between the two.
func (h *Hub) Subscribe(ctx context.Context, snapshot func() Event) <-chan Event {
	s := &subscriber{limit: DefaultHubBuffer, wake: make(chan struct{}, 1)}
	if h.Buffer > 0 {
		s.limit = max(h.Buffer, 2) // a loss and what follows it
	}
	h.add(s)
	// A few at a time, so that a stream can see that more is coming and write
	// them out together.
	out := make(chan Event, 16)
	go func() {
		defer close(out)
		defer h.remove(s)
		h.pump(ctx, s, out, snapshot())
	}()
	return out
}

func (h *Hub) add(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.subs == nil {
		h.subs = map[*subscriber]struct{}{}
	}
	h.subs[s] = struct{}{}
	if len(h.subs) == 1 && h.Source != nil {
		ctx, cancel := context.WithCancel(context.Background())
		h.stop = cancel
		go h.Source(ctx)
	}
}

func (h *Hub) remove(s *subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.subs, s)
	if len(h.subs) == 0 && h.stop != nil {
		h.stop()
		h.stop = nil
	}
}

// pump sends e and then whatever is queued.
func (h *Hub) pump(ctx context.Context, s *subscriber, out chan<- Event, e Event) {
	for {
		select {
		case out <- e:
		case <-ctx.Done():
			return
		}
		for ok := false; !ok; {
			if e, ok = h.next(s); ok {
				break
			}
			select {
			case <-s.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (h *Hub) next(s *subscriber) (Event, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return s.pop()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// push queues e, or makes room for it, or counts it as lost.
func (s *subscriber) push(e Event) {
	if e.Name == EventDropped {
		s.lost += e.Count
		return
	}
	if s.lost > 0 && len(s.queue)+2 <= s.limit {
		s.queue = append(s.queue, Event{Name: EventDropped, Count: s.lost})
		s.lost = 0
	}
	if len(s.queue) < s.limit && s.lost == 0 {
		s.queue = append(s.queue, e)
		return
	}
	if e.Name == EventQuery {
		s.lost++
		return
	}
	// The latest status or settings takes the place of an older one, or stands
	// beyond the limit: there is at most one of each kind there.
	s.queue = slices.DeleteFunc(s.queue, func(old Event) bool { return old.Name == e.Name })
	s.queue = append(s.queue, e)
}

// pop takes the oldest event; a loss is told in its place, after what came
// before it.
func (s *subscriber) pop() (Event, bool) {
	if len(s.queue) > 0 {
		e := s.queue[0]
		s.queue[0] = Event{}
		s.queue = s.queue[1:]
		return e, true
	}
	if s.lost > 0 {
		e := Event{Name: EventDropped, Count: s.lost}
		s.lost = 0
		return e, true
	}
	s.queue = nil
	return Event{}, false
}

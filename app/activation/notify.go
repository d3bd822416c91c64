package activation

import (
	"net"
	"strings"
	"time"
)

// Manager is whoever waits to hear of this process's state. The zero value is
// nobody. Status is for one goroutine at a time, the others for any.
type Manager struct {
	path   string
	status string
}

// notifyPatience bounds how long a manager that does not read is waited for.
const notifyPatience = time.Second

// NewManager is the one that the environment names (NOTIFY_SOCKET).
func NewManager(getenv func(string) string) *Manager {
	path := getenv("NOTIFY_SOCKET")
	if !strings.HasPrefix(path, "/") && !strings.HasPrefix(path, "@") {
		return &Manager{} // vsock and the like are not for processes of a system
	}
	return &Manager{path: path}
}

// Ready tells that this process answers (READY=1).
func (m *Manager) Ready() error { return m.tell("READY=1") }

// Stopping tells that this process ends (STOPPING=1).
func (m *Manager) Stopping() error { return m.tell("STOPPING=1") }

// Status tells the state in a sentence (STATUS=), once until it is another one.
func (m *Manager) Status(sentence string) error {
	sentence = strings.Join(strings.Fields(sentence), " ") // a line is one assignment
	if sentence == m.status {
		return nil
	}
	m.status = sentence
	return m.tell("STATUS=" + sentence)
}

func (m *Manager) tell(assignment string) error {
	if m.path == "" {
		return nil
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: m.path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer c.Close()
	_ = c.SetWriteDeadline(time.Now().Add(notifyPatience))
	_, err = c.Write([]byte(assignment))
	return err
}

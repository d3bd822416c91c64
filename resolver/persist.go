package resolver

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/netip"
	"time"
)

// A saved cache is a magic number, a digest of whom its answers came from, and
// records: length, CRC-32C, data. A record's data is the time it came (Unix
// seconds), the RCODE, the server, the length of the question, the question,
// the length of the EDE and the EDE, the message. All numbers are big-endian.
const (
	savedMagic = "DoTcach1"
	maxRecord  = maxMessage + 2048
	savedFixed = 8 + 2 + 18
)

// ErrCacheDamaged says that a saved cache cannot be read in full.
var ErrCacheDamaged = errors.New("the saved cache is damaged")

var savedTable = crc32.MakeTable(crc32.Castagnoli)

// SaveCache writes the answers that are kept, for LoadCache.
func (e *Engine) SaveCache(w io.Writer) error {
	b := bufio.NewWriter(w)
	origin := e.origin()
	_, _ = b.WriteString(savedMagic)
	_, _ = b.Write(origin[:])
	var head [8]byte
	for key, a := range e.cache.all() {
		data := appendRecord(nil, key, a)
		binary.BigEndian.PutUint32(head[:], uint32(len(data)))
		binary.BigEndian.PutUint32(head[4:], crc32.Checksum(data, savedTable))
		_, _ = b.Write(head[:])
		_, _ = b.Write(data)
	}
	return b.Flush()
}

// LoadCache takes over answers that SaveCache wrote and returns how many: none
// where they came from other upstreams or by other rules about names. Data
// that cannot be read gives ErrCacheDamaged; what came before it is kept.
func (e *Engine) LoadCache(r io.Reader) (int, error) {
	b := bufio.NewReader(r)
	epoch := e.cache.epoch.Load() // rules that change after this end what is loaded
	want := e.origin()
	head := make([]byte, len(savedMagic)+len(want))
	if _, err := io.ReadFull(b, head); err != nil || string(head[:len(savedMagic)]) != savedMagic {
		return 0, ErrCacheDamaged
	}
	if !bytes.Equal(head[len(savedMagic):], want[:]) {
		return 0, nil
	}
	n := 0
	for {
		data, err := readSaved(b)
		if errors.Is(err, io.EOF) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		qu, a, err := parseRecord(data)
		if err != nil {
			return n, err
		}
		if a.stored.After(time.Now()) {
			continue // the clock was set back: nobody knows how old it is
		}
		if f := e.cache.find(qu, time.Now()); f.ans == nil {
			e.cache.put(qu, bounded(a, e.cache.rules.Load()), epoch)
			n++
		}
	}
}

// origin tells apart caches whose answers would differ: what another provider
// said, or the same one by other rules, must not come back.
func (e *Engine) origin() [sha256.Size]byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	h := sha256.New()
	for _, u := range e.fwd.Load().configured() {
		_, _ = fmt.Fprintf(h, "%q %q %v\n", u.Spec, u.Name, u.Addrs)
	}
	names := e.names.Load().sum
	_, _ = h.Write(names[:])
	return [sha256.Size]byte(h.Sum(nil))
}

// readSaved reads one record's data; its end is io.EOF.
func readSaved(r io.Reader) ([]byte, error) {
	var head [8]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, err
		}
		return nil, ErrCacheDamaged
	}
	n := binary.BigEndian.Uint32(head[:])
	if n > maxRecord {
		return nil, ErrCacheDamaged
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil || crc32.Checksum(data, savedTable) != binary.BigEndian.Uint32(head[4:]) {
		return nil, ErrCacheDamaged
	}
	return data, nil
}

func appendRecord(dst []byte, key string, a *answer) []byte {
	dst = binary.BigEndian.AppendUint64(dst, uint64(a.stored.Unix()))
	dst = binary.BigEndian.AppendUint16(dst, uint16(a.rcode))
	ip := a.upstream.Addr().As16()
	dst = append(dst, ip[:]...)
	dst = binary.BigEndian.AppendUint16(dst, a.upstream.Port())
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(key)))
	dst = append(dst, key...)
	var ede []byte
	if a.ede != nil {
		ede = append(binary.BigEndian.AppendUint16(nil, a.ede.Code), a.ede.Text[:min(len(a.ede.Text), 1024)]...)
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(len(ede)))
	dst = append(dst, ede...)
	return append(dst, a.msg...)
}

// parseRecord reads a record's data as strictly as an upstream's answer.
func parseRecord(data []byte) (*question, *answer, error) {
	if len(data) < savedFixed {
		return nil, nil, ErrCacheDamaged
	}
	stored := time.Unix(int64(binary.BigEndian.Uint64(data)), 0)
	rcode := int(binary.BigEndian.Uint16(data[8:]))
	ip := netip.AddrFrom16([16]byte(data[10:26])).Unmap()
	server := netip.AddrPortFrom(ip, binary.BigEndian.Uint16(data[26:]))
	key, data, ok := cutBlock(data[savedFixed:])
	ede, msg, ok2 := cutBlock(data)
	qu, err := questionOf(key)
	if !ok || !ok2 || err != nil || len(msg) < headerLen || !answers(asResponse(msg), qu) {
		return nil, nil, ErrCacheDamaged
	}
	a, err := parseAnswer(msg, qu)
	if err != nil || len(a.msg) != len(msg) {
		return nil, nil, ErrCacheDamaged
	}
	a.rcode, a.upstream, a.stored = rcode, server, stored
	if len(ede) >= 2 {
		a.ede = &EDE{Code: binary.BigEndian.Uint16(ede), Text: string(ede[2:])}
	}
	return qu, a, nil
}

// asResponse sets the bit that tells an answer from a query.
func asResponse(msg []byte) []byte {
	msg[2] |= bitQR >> 8
	return msg
}

// cutBlock splits off a block and the length before it.
func cutBlock(data []byte) (block, rest []byte, ok bool) {
	if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
		return nil, nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(data))
	return data[2:n], data[n:], true
}

// questionOf is the question that has this key.
func questionOf(key []byte) (*question, error) {
	nameEnd, end, err := skipQuestion(key, 0)
	if err != nil || end+1 != len(key) {
		return nil, errMalformed
	}
	bits := key[end]
	qu := &question{
		typ: binary.BigEndian.Uint16(key[nameEnd:]), class: binary.BigEndian.Uint16(key[nameEnd+2:]),
		do: bits&1 != 0, cd: bits&2 != 0, rd: bits&4 != 0,
	}
	qu.seal(key[:nameEnd])
	if !bytes.Equal(qu.bytes(), key) {
		return nil, errMalformed
	}
	return qu, nil
}

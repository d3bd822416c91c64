package querylog

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"dotproxy/app/control"

	"github.com/miekg/dns"
)

const headerSize = 12 // RFC 1035 section 4.1.1

// query puts the record into words.
func (r *record) query() control.Query {
	q := control.Query{
		Time: time.Unix(0, r.time).UTC(), Type: dns.Type(r.kind).String(), RCode: rcodeName(r.rcode),
		Source: r.source, MS: float64(r.elapsed/1000) / 1000, Transport: "udp", Encrypted: !r.plain, Authenticated: r.ad, Connection: r.over, Tries: r.tries,
		Answers: []string{},
	}
	if r.tcp {
		q.Transport = "tcp"
	}
	if r.upstream.IsValid() {
		q.Upstream = r.upstream.String()
	}
	if r.hasEDE {
		q.EDE = edeText(r.edeCode, string(r.ede[:r.edeLen]))
	}
	if r.hidden {
		return q
	}
	if r.client.IsValid() {
		q.Client = r.client.Unmap().String()
	}
	q.Name = nameText(r.name[:r.nameLen])
	q.Answers, q.TTL = readAnswer(r.answer[:r.answerLen])
	return q
}

// nameText returns a wire name in presentation form, with its final dot; empty
// for none.
func nameText(wire []byte) string {
	if len(wire) == 0 {
		return ""
	}
	name, _, err := dns.UnpackDomainName(wire, 0)
	if err != nil {
		return ""
	}
	return name
}

// readAnswer returns the data of each record in the answer section of msg and
// their least TTL, for an answer without records that of the SOA which bounds
// it (RFC 2308 section 5). It reads as far as msg, which may be cut short, goes.
func readAnswer(msg []byte) (answers []string, ttl uint32) {
	answers = []string{}
	if len(msg) < headerSize {
		return answers, 0
	}
	count := func(at int) int { return int(binary.BigEndian.Uint16(msg[at:])) }
	at := headerSize
	for range count(4) {
		_, next, err := dns.UnpackDomainName(msg, at)
		if err != nil {
			return answers, 0
		}
		at = next + 4
	}
	var records []dns.RR
	if records, at = readRecords(msg, at, count(6)); count(6) == 0 {
		records, _ = readRecords(msg, at, count(8))
	}
	first := true
	for _, rr := range records {
		if count(6) > 0 {
			answers = append(answers, dataText(rr))
		} else if _, soa := rr.(*dns.SOA); !soa {
			continue
		}
		if h := rr.Header(); first || h.Ttl < ttl {
			ttl, first = h.Ttl, false
		}
	}
	return answers, ttl
}

func readRecords(msg []byte, at, count int) ([]dns.RR, int) {
	var list []dns.RR
	for range count {
		if at >= len(msg) {
			break
		}
		rr, next, err := dns.UnpackRR(msg, at)
		if err != nil || next <= at {
			break
		}
		list, at = append(list, rr), next
	}
	return list, at
}

// dataText returns a record's data as in a zone file: what follows owner, TTL,
// class and type. A tab in the owner is escaped, and so is what a terminal may
// take for a command: the data of some types, such as NULL, is not text.
func dataText(rr dns.RR) string {
	fields := strings.SplitN(rr.String(), "\t", 5)
	return escaped(fields[len(fields)-1])
}

// escaped writes what is no printable text as zone files do (RFC 1035 section
// 5.1): \DDD.
func escaped(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || unicode.IsControl(r) }) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || unicode.IsControl(r) {
			for _, c := range []byte(s[i : i+size]) {
				fmt.Fprintf(&b, "\\%03d", c)
			}
		} else {
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}

func rcodeName(code int) string {
	if code == dns.RcodeBadVers { // the name of 16 in a response (RFC 6891)
		return "BADVERS"
	}
	if name, ok := dns.RcodeToString[code]; ok {
		return name
	}
	return "RCODE" + strconv.Itoa(code)
}

// edeText says an Extended DNS Error (RFC 8914) with its registered purpose.
func edeText(code uint16, extra string) string {
	text, ok := dns.ExtendedErrorCodeToString[code]
	if !ok {
		text = "EDE " + strconv.Itoa(int(code))
	}
	extra = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return -1
		}
		return r
	}, extra)
	if extra != "" {
		text += ": " + extra
	}
	return text
}

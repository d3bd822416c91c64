package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

const (
	maxBody      = 1 << 20
	bodyPatience = 10 * time.Second
)

// HTTPStatus returns the HTTP status that carries a problem of that code:
// 4xx where the request is at fault, 409 where this computer's condition is,
// 502 where the provider or the network is.
func HTTPStatus(code string) int {
	switch code {
	case CodeBadRequest:
		return http.StatusBadRequest
	case CodeForbidden:
		return http.StatusForbidden
	case CodeBadValue:
		return http.StatusUnprocessableEntity
	case CodePortInUse, CodePermission, CodeAddress, CodeSettings, CodeRunning, CodeSystemDNS, CodeLeak, CodeNotNow:
		return http.StatusConflict
	case CodeCertificate, CodeNoAnswer, CodeOffline, CodePortal:
		return http.StatusBadGateway
	case CodeNoEngine:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// asProblem returns the problem in err, or one that quotes err.
func asProblem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return &Problem{Code: CodeInternal, Message: "The engine failed: " + Quote(err.Error()) + ".", Hint: "Its log says more."}
}

func writeProblem(w http.ResponseWriter, p *Problem) { writeProblemStatus(w, HTTPStatus(p.Code), p) }

func writeProblemStatus(w http.ResponseWriter, status int, p *Problem) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

// notNil makes an empty list [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// readEmpty refuses a body other than none or {}.
func readEmpty(w http.ResponseWriter, r *http.Request) *Problem {
	text, p := readText(w, r)
	if p != nil || len(bytes.TrimSpace(text)) == 0 {
		return p
	}
	_, p = parse[struct{}](text)
	return p
}

// readBody reads one JSON object that has all keys of T and no others.
func readBody[T any](w http.ResponseWriter, r *http.Request) (T, *Problem) {
	text, p := readText(w, r)
	if p != nil {
		return *new(T), p
	}
	return parse[T](text)
}

func readText(w http.ResponseWriter, r *http.Request) ([]byte, *Problem) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyPatience))
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, &Problem{Code: CodeBadRequest, Message: "The request is too large or was not sent in full.", Hint: "A body has at most 1 MiB."}
	}
	_ = control.SetReadDeadline(time.Time{})
	return text, nil
}

func parse[T any](text []byte) (T, *Problem) {
	var result T
	if !json.Valid(text) || !isObject(text) {
		return result, &Problem{Code: CodeBadRequest, Message: "The request is not one JSON object.", Hint: "See the examples in the API’s documentation."}
	}
	if p := checkKeys(text, reflect.TypeFor[T](), ""); p != nil {
		return result, p
	}
	if err := json.Unmarshal(text, &result); err != nil {
		field := ""
		if te, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			field = te.Field
		}
		return result, wrongType(field)
	}
	return result, nil
}

func isObject(text []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) }

// checkKeys tells whether a JSON object has exactly the keys of the struct t,
// and those that are structs theirs. Keys are named with path before them.
func checkKeys(text []byte, t reflect.Type, path string) *Problem {
	var given map[string]json.RawMessage
	_ = json.Unmarshal(text, &given) // is an object, as the caller saw
	known := jsonKeys(t)
	for key := range given {
		if !slices.ContainsFunc(known, func(k jsonKey) bool { return k.name == key }) {
			key = path + key
			return &Problem{Code: CodeBadRequest, Message: "The key " + Quote(key) + " is not known here.", Hint: "Leave it out.", Field: key}
		}
	}
	for _, key := range known {
		value, ok := given[key.name]
		name := path + key.name
		switch {
		case !ok:
			return BadValue(name, "The key "+Quote(name)+" is missing.", "Send all keys: nothing is taken as left unchanged.")
		case string(value) == "null", key.of.Kind() == reflect.Struct && !isObject(value):
			return wrongType(name)
		case key.of.Kind() == reflect.Struct:
			if p := checkKeys(value, key.of, name+"."); p != nil {
				return p
			}
		}
	}
	return nil
}

func wrongType(key string) *Problem {
	return &Problem{Code: CodeBadRequest, Message: "The value of " + Quote(key) + " has the wrong type.", Hint: "See the examples in the API’s documentation.", Field: key}
}

// jsonKey is the JSON key of a struct's field and the field's type.
type jsonKey struct {
	name string
	of   reflect.Type
}

func jsonKeys(t reflect.Type) []jsonKey {
	var keys []jsonKey
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		keys = append(keys, jsonKey{name, f.Type})
	}
	return keys
}
